"""What the turn engine stands on, in one value that the wiring fills."""

from collections.abc import Sequence
from typing import Protocol

from hyperpersonal_runtime.api import PluginHost
from msgspec import Struct

from hyperpersonal_core.installations.journal import TurnJournals
from hyperpersonal_core.installations.releases import ReleaseStore
from hyperpersonal_core.installations.service import Installations
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.kit.outbox import Relay
from hyperpersonal_core.kit.tracing import Traces
from hyperpersonal_core.memory.recalled import RecallAsk, Recalled
from hyperpersonal_core.routing.decision import Decision, RouteAsk


class Recall(Protocol):
    """Memory, many asks at once."""

    async def recall_many(self, asks: list[RecallAsk], /) -> Sequence[Recalled]: ...


class Router(Protocol):
    """Routing, many asks at once."""

    async def decide_many(self, asks: list[RouteAsk], /) -> Sequence[Decision]: ...


class Services(Struct, frozen=True):
    """`journals` is the very object the plugin host was given as its JournalPort."""

    db: Database
    bus: Bus
    relay: Relay
    clock: Clock
    ids: Ids
    host: PluginHost
    installations: Installations
    releases: ReleaseStore
    journals: TurnJournals
    recall: Recall
    router: Router
    traces: Traces = Traces()
