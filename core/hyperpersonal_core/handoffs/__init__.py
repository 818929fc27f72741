"""The slice `handoffs`."""
