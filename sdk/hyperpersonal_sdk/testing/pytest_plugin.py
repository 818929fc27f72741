"""The pytest plugin for authors: runs a plugin in its real sandbox."""
