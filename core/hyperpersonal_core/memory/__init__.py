"""The slice `memory`."""
