"""The demo shop: a small service of its own, with its own schema, that a connector talks to."""
