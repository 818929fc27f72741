"""A new release beside the old one: watched in its shadow, tried on a few, undone when worse."""
