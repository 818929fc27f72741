"""The slice `conversations`."""
