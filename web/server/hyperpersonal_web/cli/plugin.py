"""`hp plugin`: the author's commands, from the SDK."""

from hyperpersonal_sdk.cli import plugin

__all__ = ["plugin"]
