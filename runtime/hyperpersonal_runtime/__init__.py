"""Sandboxes, grants, host calls and the journal: the only way into and out of a plugin."""
