"""Testing helpers for authors."""
