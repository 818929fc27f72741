"""WebAssembly components an author built, in any language: compiled here, run by the same workers.

Only the component is signed and taken; its machine code is made on this host, in a jail, after a
look at what it imports and exports. It gets the same limits, grants and journal as any plugin.
"""

import asyncio
import hashlib
import time

from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import Struct

from hyperpersonal_runtime.builder import Builder, BuildError
from hyperpersonal_runtime.calls import HookCall, SealedRelease
from hyperpersonal_runtime.compiled import Compiled
from hyperpersonal_runtime.ending import End
from hyperpersonal_runtime.frames import FOREIGN
from hyperpersonal_runtime.kinds.kind import Lane, Ready
from hyperpersonal_runtime.kinds.python import PythonKind

RELEASES_MAX = 1_000
LOOK_SECONDS = 600.0  # a file that is in use is marked as used this often


class Known(Struct, frozen=True):
    """What came of a release, and until when that is taken for granted (monotonic seconds)."""

    ready: Ready | End
    until: float


class ComponentKind:
    """The kind `component`. Lanes are those of the other WebAssembly guests."""

    def __init__(self, lanes: PythonKind, builder: Builder, compiled: Compiled) -> None:
        self._lanes = lanes
        self._builder = builder
        self._compiled = compiled
        self._known: dict[str, Known] = {}
        self._tasks: dict[str, asyncio.Task[Ready | End]] = {}

    async def ready(self, release: SealedRelease) -> Ready | End:
        """Its machine code, compiled once per machine; a refusal is remembered for a while."""
        known = self._known.get(release.digest)
        if known is not None and time.monotonic() < known.until:
            return known.ready
        task = self._tasks.get(release.digest)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._made(release))
            self._tasks[release.digest] = task
            task.add_done_callback(lambda _: self._tasks.pop(release.digest, None))
        return await asyncio.shield(task)

    async def acquire(self, call: HookCall, ready: Ready, reuse: str) -> Lane:
        return await self._lanes.acquire(call, ready, reuse)

    def release(self, lane: Lane) -> None:
        self._lanes.release(lane)

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _made(self, release: SealedRelease) -> Ready | End:
        ready = await self._compile(release)
        self._known[release.digest] = Known(ready, time.monotonic() + LOOK_SECONDS)
        if len(self._known) > RELEASES_MAX:
            self._known.pop(next(iter(self._known)))
        return ready

    async def _compile(self, release: SealedRelease) -> Ready | End:
        component = release.files.get(release.entry)
        if component is None:
            return End(Outcome.REFUSED, f"the artifact has no file {release.entry}")
        name = self._compiled.name(FOREIGN, hashlib.sha256(component).hexdigest())
        if self._compiled.holds(name):
            return Ready(component=name)
        try:
            async with self._builder.stage() as stage:
                source, target = stage / "plugin.wasm", stage / "plugin.cwasm"
                source.write_bytes(component)
                await self._builder.compile(source, target)
                self._compiled.put(target, name)
        except BuildError as error:
            outcome = Outcome.REFUSED if error.refused else Outcome.OVER_LIMIT
            return End(outcome, f"{release.entry} cannot run here: {error}")
        return Ready(component=name)
