"""The runtime's face: call one hook of one verified release in its sandbox, get a value back."""

from hyperpersonal_runtime.calls import (
    CallResult,
    HookCall,
    Limits,
    PluginHost,
    SealedRelease,
    limits_of,
)
from hyperpersonal_runtime.fair_queue import FairQueue
from hyperpersonal_runtime.guest_build import GuestBuildError, ensure_guest
from hyperpersonal_runtime.host import Host
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
from hyperpersonal_runtime.records import CallRecord, Recording

__all__ = [
    "CallRecord",
    "CallResult",
    "CallScope",
    "Entry",
    "FairQueue",
    "GuestBuildError",
    "HookCall",
    "Host",
    "JournalPort",
    "KvPort",
    "Limits",
    "MemoryPort",
    "ModelPort",
    "PluginHost",
    "Ports",
    "Recording",
    "SealedRelease",
    "SecretPort",
    "ToolPort",
    "ensure_guest",
    "limits_of",
    "request_hash",
]
