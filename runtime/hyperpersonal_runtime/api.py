"""The runtime's face: call one hook of one verified release in its sandbox, get a value back."""

from hyperpersonal_runtime.calls import (
    CallResult,
    HookCall,
    Limits,
    PluginHost,
    SealedRelease,
    limits_of,
)
from hyperpersonal_runtime.egress.fetcher import LOOPBACK, Fetcher, FetchError
from hyperpersonal_runtime.egress.fetcher import Request as FetchRequest
from hyperpersonal_runtime.fair_queue import FairQueue
from hyperpersonal_runtime.fixture_replay import fixture_of
from hyperpersonal_runtime.guest_build import GuestBuildError, ensure_guest
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.jail.program import Jail, Jailed, JailError
from hyperpersonal_runtime.journal import Entry, request_hash
from hyperpersonal_runtime.ports import (
    CallScope,
    JournalPort,
    KvPort,
    MemoryPort,
    ModelPort,
    Ports,
    SecretPort,
    ToolPort,
)
from hyperpersonal_runtime.promotion import Promotion
from hyperpersonal_runtime.reader import Reading, start_reader
from hyperpersonal_runtime.records import CallRecord, Recording
from hyperpersonal_runtime.replay.diff import compare, exact
from hyperpersonal_runtime.replay.difference import Difference
from hyperpersonal_runtime.replay.replayer import Replayed, Replayer, gathered
from hyperpersonal_runtime.replay.trace import Asked, Trace, recorded
from hyperpersonal_runtime.staging import Stage
from hyperpersonal_runtime.testing import World, default_cache

__all__ = [
    "LOOPBACK",
    "Asked",
    "CallRecord",
    "CallResult",
    "CallScope",
    "Difference",
    "Entry",
    "FairQueue",
    "FetchError",
    "FetchRequest",
    "Fetcher",
    "GuestBuildError",
    "HookCall",
    "Host",
    "Jail",
    "JailError",
    "Jailed",
    "JournalPort",
    "KvPort",
    "Limits",
    "MemoryPort",
    "ModelPort",
    "PluginHost",
    "Ports",
    "Promotion",
    "Reading",
    "Recording",
    "Replayed",
    "Replayer",
    "SealedRelease",
    "SecretPort",
    "Stage",
    "ToolPort",
    "Trace",
    "World",
    "compare",
    "default_cache",
    "ensure_guest",
    "exact",
    "find_jail",
    "fixture_of",
    "gathered",
    "limits_of",
    "recorded",
    "request_hash",
    "start_reader",
]
