"""Hook calls recorded in the real sandbox, to be replayed."""

from collections.abc import Iterable
from hashlib import sha256

from hyperpersonal_runtime.api import CallRecord, HookCall, Recording, Replayer, SealedRelease
from hyperpersonal_runtime.calls import Limits
from hyperpersonal_runtime.ports import CallScope
from hyperpersonal_runtime.testing import SandboxServer, World, default_cache
from msgspec import json, structs

PLUGIN = "acme/tested"


def release(source: str, version: str = "1.0.0") -> SealedRelease:
    """A release of one module. Its digest is the source's."""
    digest = "sha256:" + sha256(source.encode()).hexdigest()
    return SealedRelease(PLUGIN, version, digest, "p", {"p/__init__.py": source.encode()})


class Shelf:
    """Releases by digest; counts what was loaded."""

    def __init__(self, *releases: SealedRelease) -> None:
        self._held = {one.digest: one for one in releases}

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        return self._held[digest]


def record(
    server: SandboxServer, one: SealedRelease, payload: object, world: World | None = None,
    *, grants: Iterable[str] = (), hook: str = "reply", limits: Limits | None = None,
) -> Recording:  # fmt: skip
    """The recording of one hook call in this world."""
    scope = CallScope("tenant", "installation", "turn", "conversation", "contact")
    call = HookCall(one, hook, b"{}", scope, tuple(grants), limits or Limits())
    result = server.call(call, hook, payload, world)
    call = structs.replace(call, payload=json.encode(payload))
    return Recording((CallRecord.of(call, result),), result.journal)


async def open_replayer() -> Replayer:
    """One that runs."""
    replayer = Replayer(default_cache(), workers=1)
    await replayer.start()
    return replayer
