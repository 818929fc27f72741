"""The slice `routing`."""
