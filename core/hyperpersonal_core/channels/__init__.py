"""The slice `channels`."""
