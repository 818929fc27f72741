"""The slice `contacts`."""
