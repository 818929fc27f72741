"""The slice `turns`."""
