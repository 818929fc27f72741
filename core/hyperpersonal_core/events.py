"""What happened in the core, as other packages may see it: structs only, no behaviour."""

from hyperpersonal_core.conversations.values import Event, Kind, Source
from hyperpersonal_core.kit.envelope import Envelope, Wake

__all__ = ["Envelope", "Event", "Kind", "Source", "Wake"]
