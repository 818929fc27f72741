"""How fast a harmful release stops everywhere: from an admin's call to the last host's last call.

Real: the registry in PostgreSQL with its trust metadata, the news over NATS, every host's own
connection, trust and release watch, and one host with a sandbox whose guest never rests. The other
hosts have a call in flight that is only said to be one.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.api import HeldReleases, News, ReleaseWatch, tell
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_registry.api import FolderBlobs, Registry
from hyperpersonal_registry.reviews.quarantine import Quarantines
from hyperpersonal_registry.trust import ceremony
from hyperpersonal_registry.trust.keeper import Keeper, from_database
from hyperpersonal_registry.trust.reader import Trust
from hyperpersonal_registry.trust.roles import Lifetimes, OnlineKeys, public_of
from hyperpersonal_registry.trust.store import MetadataStore
from hyperpersonal_runtime.api import CallResult, CallScope, HookCall, Host, Limits, SealedRelease
from hyperpersonal_sdk import hpx, namespace_metadata, signing

from hyperpersonal_web.wiring import background

HOSTS = 50
ROUNDS = 20
PLUGIN, VERSION = "acme/restless", "1.0.0"
WAIT_SECONDS_MAX = 60.0  # against a host that never stops: a machine may be busy
_MANIFEST = f"""id = "{PLUGIN}"
version = "{VERSION}"
kind = "agent"
title = "Restless"
description = "Never ends."
licence = "MIT"
entry = "restless"
hooks = ["reply"]

[agent]
labels = ["order"]
"""
_CODE = """from hyperpersonal_sdk import Agent

plugin = Agent()


@plugin.reply
def reply(turn, host):
    while True:
        host.now()
"""


class SimulatedHost:
    """What a release watch sees of a host: which releases have a call in flight."""

    def __init__(self) -> None:
        self.running: tuple[str, ...] = ()
        self.stopped = asyncio.Event()
        self.stopped_at = math.inf
        self.why = ""

    def call(self, digest: str) -> None:
        """A call of the release is in flight from now on."""
        self.running, self.stopped_at = (digest,), math.inf
        self.stopped.clear()

    def stop(self, digest: str, why: str) -> int:
        """The watch refuses the release."""
        was, self.running = digest in self.running, ()
        self.stopped_at, self.why = time.perf_counter(), why
        self.stopped.set()
        return int(was)

    async def prepare(self, release: SealedRelease) -> str:
        return ""


class KillStage:
    """A registry with one published release, and hosts that watch it.

    Args:
        stack: everything is closed with it.
        db: a database with the registry's tables.
        nats_url: of the bus; every host connects by itself.
        folder: for artifacts and each host's trust.
        prefix: of the bus's subjects.
        lifetimes: of the trust metadata.
    """

    def __init__(
        self,
        stack: AsyncExitStack,
        db: Database,
        nats_url: str,
        folder: Path,
        *,
        prefix: str = "kill",
        lifetimes: Lifetimes | None = None,
    ) -> None:
        self._stack, self._db, self._folder = stack, db, folder
        self._nats, self._prefix = nats_url, prefix
        self._clock = SystemClock()
        online = OnlineKeys(*(_key(n) for n in (4, 5, 6, 7)))
        self._metadata = MetadataStore(online, self._clock, lifetimes)
        self._root = _root(online, self._metadata)
        self.digest = ""
        self.hosts: list[SimulatedHost] = []
        self.registry: Registry
        self.quarantines: Quarantines

    async def open(self, hosts: int = HOSTS) -> None:
        """Hold the ceremony, publish the release, let the hosts watch."""
        bus = await self._bus()
        self.registry = Registry(
            self._db, self._blobs, self._clock, metadata=self._metadata,
            trust_changed=partial(tell, bus, News()),
        )  # fmt: skip
        self.quarantines = Quarantines(self.registry.ground)
        async with self._db.transaction() as connection:
            await self._metadata.found(connection, self._root)
        await self._publish()
        for number in range(hosts):
            self.hosts.append(SimulatedHost())
            await self.watch(self.hosts[-1], str(number), from_database(self._db))
        await asyncio.sleep(0.2)  # the bus knows of every subscription

    async def watch(
        self,
        host: SimulatedHost | Host,
        name: str,
        fetch: Callable[[str], Awaitable[bytes | None]],
    ) -> Registry:
        """Let a host watch its releases: its own connection, trust and view of the registry."""
        trust = Trust(self._folder / f"trust-{name}", self._root, needs_review=False)
        keeper = Keeper(trust, fetch)
        await keeper.refresh()
        registry = Registry(self._db, self._blobs, self._clock, keeper=keeper)
        held = HeldReleases(registry, self._clock)
        watch = ReleaseWatch(await self._bus(), host, registry, held.forget)
        background(self._stack, watch.run())
        await registry.load(self.digest)
        return registry

    async def kill(self) -> float:
        """Quarantine what runs on every host; seconds until the last one stopped it."""
        for host in self.hosts:
            host.call(self.digest)
        began = time.perf_counter()
        await self.quarantines.begin(PLUGIN, "", "It never rests.", "admin")
        waits = asyncio.gather(*(host.stopped.wait() for host in self.hosts))
        await asyncio.wait_for(waits, WAIT_SECONDS_MAX)
        return max(host.stopped_at for host in self.hosts) - began

    async def lift(self) -> None:
        """As before the kill."""
        await self.quarantines.lift(PLUGIN, "", "It was told to.", "admin")

    async def _publish(self) -> None:
        publisher = _key(20)
        await self.registry.create_namespace("acme", publisher.public_key().public_bytes_raw())
        archive = hpx.pack({"plugin.toml": _MANIFEST.encode(), "restless.py": _CODE.encode()})
        envelope = signing.sign(signing.statement_of(hpx.unpack(archive)), publisher)
        ends = self._metadata.now + timedelta(days=90)
        metadata = namespace_metadata.signed_release(None, archive, ends, publisher)
        self.digest = (await self.registry.publish(archive, envelope, metadata)).digest

    async def _bus(self) -> Bus:
        bus = await Bus.connect(self._nats, self._prefix)
        self._stack.push_async_callback(bus.close)
        return bus

    @property
    def _blobs(self) -> FolderBlobs:
        return FolderBlobs(self._folder / "blobs")


async def kill_ms_p99(
    stage: KillStage, host: Host, say: Callable[[str], None], rounds: int = ROUNDS
) -> dict[str, float]:
    """`kill_ms_p99`: over the rounds, ms from the call to the last of 50 hosts and the sandbox."""
    registry = await stage.watch(host, "sandbox", from_database(stage.registry.ground.db))
    took = []
    for number in range(rounds):
        say(f"killing, {number + 1} of {rounds}")
        calling = asyncio.create_task(restless(host, await registry.load(stage.digest)))
        while stage.digest not in host.running:  # noqa: ASYNC110 - a host tells nobody
            await asyncio.sleep(0.01)
        began = time.perf_counter()
        last = await stage.kill()
        await asyncio.wait_for(calling, WAIT_SECONDS_MAX)
        took.append(1000 * max(last, time.perf_counter() - began))
        await stage.lift()
    return {
        "kill_ms_p50": _percentile(took, 0.5),
        "kill_ms_p99": _percentile(took, 0.99),
        "kill_hosts": len(stage.hosts) + 1,
        "kill_rounds": rounds,
    }


async def restless(host: Host, release: SealedRelease) -> CallResult:
    """A call that ends only when it is stopped."""
    limits = Limits(deadline_ms=120_000, host_calls=10_000_000)
    scope = CallScope(str(UUID(int=1)), str(UUID(int=2)))
    return await host.call(
        HookCall(release, "reply", b'{"text": "hi", "history": []}', scope, limits=limits)
    )


def _percentile(values: Sequence[float], part: float) -> float:
    """The value that this part of all does not exceed (nearest rank)."""
    return round(sorted(values)[max(0, math.ceil(part * len(values)) - 1)], 1)


def _key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def _root(online: OnlineKeys, metadata: MetadataStore) -> bytes:
    holders = [_key(n) for n in (1, 2, 3)]
    names = ("targets", "snapshot", "timestamp")
    keys = {role: public_of(getattr(online, role)) for role in names}
    ends = metadata.now + timedelta(days=300)
    root = ceremony.new_root([public_of(one) for one in holders], 2, keys, ends)
    ceremony.sign(root, *holders[:2])
    return root.to_bytes()
