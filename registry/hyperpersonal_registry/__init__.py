"""Namespaces, signed releases, and their verification at every load."""
