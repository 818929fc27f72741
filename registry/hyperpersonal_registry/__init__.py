"""Namespaces and signed releases, verified at every load."""
