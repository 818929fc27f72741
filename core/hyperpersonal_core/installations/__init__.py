"""The slice `installations`."""
