"""The composition root: HTTP, wiring, settings and the command line."""
