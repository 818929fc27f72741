"""TUF: what a host may load, signed by those who may say so, and checked on the host offline."""
