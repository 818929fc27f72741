"""Everything a plugin author needs, and nothing else.

This module is imported by the author's source inside the sandbox, so it holds only pure Python
without `dataclasses` or `msgspec`; the host's typed view of the same shapes is in `contract`.
"""

from hyperpersonal_sdk.authoring import (
    Agent,
    Connector,
    Evidence,
    Guard,
    Handoff,
    HostCallFailedError,
    Model,
    Plugin,
    Reply,
    ToolFailedError,
    Turn,
)

__all__ = [
    "Agent",
    "Connector",
    "Evidence",
    "Guard",
    "Handoff",
    "HostCallFailedError",
    "Model",
    "Plugin",
    "Reply",
    "ToolFailedError",
    "Turn",
]
