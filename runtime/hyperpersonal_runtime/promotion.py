"""Promotion: a hot `python` release gets a component of its own, frozen with its modules loaded.

It saves the load of the source into each fresh instance, and changes nothing else: the release, its
digest and its signature stay what they are, the component is made here from the same code objects
and is thrown away at will. Rules:
1. Only a release whose import is the same every time may be frozen: it must not call the host, look
   at the clock, draw random numbers, open files or log while it is imported. This is found out in
   the ordinary sandbox, where all of that passes our door.
2. It takes over only after it did the release's latest calls over, the same way (`proofs`).
3. One build at a time, in a jail, at low priority; whatever fails leaves the release as it was.
4. What was built is found again after a restart by its key: release, shared guest, engine.
"""

import asyncio
import time
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
import structlog
from msgspec import Struct

from hyperpersonal_runtime.builder import Builder, BuildError
from hyperpersonal_runtime.compiled import Compiled
from hyperpersonal_runtime.guest_build import freeze_step, stage_sources
from hyperpersonal_runtime.heat import Heat

RELEASES_MAX = 1_000
TASKS_MAX = 8  # hot releases that wait for the builder; the others stay hot and come again
LOOK_SECONDS = 600.0  # a file that is in use is marked as used this often
_RELEASE = "hyperpersonal_promoted_release"
_APP = f"""
import gc
import {_RELEASE} as release
from hyperpersonal_sdk.guest import app, loader
app.LOADED[:] = [loader.load_plugin(release.ENTRY, release.MODULES)]
del release.MODULES
gc.collect()
gc.freeze()
"""

T = TypeVar("T")

log = structlog.get_logger("runtime")


class Tries(Protocol):
    """Runs a release without any effect; both say why it stays as it is, '' when all is well."""

    async def loads(self, digest: str, code: str) -> str:
        """Import it in the ordinary sandbox."""
        ...

    async def agrees(self, digest: str, component: str) -> str:
        """Do its latest calls over in the component of this file name."""
        ...


class Promotion(Struct, frozen=True):
    """When a release counts as hot: `calls_min` calls, each of which counts half as much after
    `half_life_seconds`."""

    calls_min: float = 200.0
    half_life_seconds: float = 60.0


class Promoter:
    """Knows which releases have a component of their own, and makes them.

    Args:
        builder: runs the build's steps.
        compiled: where components are kept.
        shared: the compiled shared guest: its name stands for the SDK and the Python inside.
        settings: when to promote by itself; None: only when asked.
    """

    def __init__(
        self, builder: Builder, compiled: Compiled, shared: Path, settings: Promotion | None = None
    ) -> None:
        self._builder = builder
        self._compiled = compiled
        self._guest = shared.stem
        self._heat = _heat(settings)
        self._found: dict[str, tuple[str, float]] = {}
        self._failed: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[str]] = {}

    def find(self, digest: str) -> str:
        """The file name of the release's own component, '' when it has none."""
        name, until = self._found.get(digest, ("", 0.0))
        if time.monotonic() >= until:
            name = self._name(digest)
            name = name if self._compiled.holds(name) else ""
            _remember(self._found, digest, (name, time.monotonic() + LOOK_SECONDS))
        return name

    def count(self, digest: str, code: str, tries: Tries) -> None:
        """One more call of a release that is not promoted; a hot one is promoted meanwhile."""
        if self._heat is None or digest in self._failed or len(self._tasks) >= TASKS_MAX:
            return
        if self._heat.add(digest):
            self._start(digest, code, tries)

    async def promote(self, digest: str, code: str, tries: Tries) -> str:
        """Make the release's component now; '' or why it stays as it is.

        Args:
            digest: of the release.
            code: Ready.code: its compiled modules as the worker gets them.
            tries: runs the release without effect, before and after it is built.
        """
        return "" if self.find(digest) else await asyncio.shield(self._start(digest, code, tries))

    async def close(self) -> None:
        """End what is being built; its files go."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, digest: str, code: str, tries: Tries) -> "asyncio.Task[str]":
        task = self._tasks.get(digest)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._made(digest, code, tries))
            self._tasks[digest] = task
            task.add_done_callback(lambda _: self._tasks.pop(digest, None))
        return task

    async def _made(self, digest: str, code: str, tries: Tries) -> str:
        started = time.monotonic()
        try:
            why = await tries.loads(digest, code) or await self._build(digest, code, tries)
        except (BuildError, OSError) as error:
            why = str(error)
        if why:
            log.warning("promotion.failed", digest=digest, detail=why[:500])
            _remember(self._failed, digest, why)
        else:
            log.info("promotion.done", digest=digest, seconds=round(time.monotonic() - started, 1))
            self._found.pop(digest, None)
        return why

    async def _build(self, digest: str, code: str, tries: Tries) -> str:
        async with self._builder.stage() as stage:
            app, component, made = stage / "app", stage / "own.wasm", stage / "own.cwasm"
            await asyncio.to_thread(_stage, app, code)
            await self._builder.run(freeze_step("freeze it", app, component, stage))
            await self._builder.compile(component, made)
            trial = self._compiled.name("trial", digest, self._guest, stage.name)
            self._compiled.put(made, trial)
        try:
            why = await tries.agrees(digest, trial)
            if not why:
                self._compiled.rename(trial, self._name(digest))
        finally:
            self._compiled.discard(trial)
        return why

    def _name(self, digest: str) -> str:
        return self._compiled.name("promoted", digest, self._guest)


def _heat(settings: Promotion | None) -> Heat | None:
    if settings is None:
        return None
    return Heat(calls_min=settings.calls_min, half_life_seconds=settings.half_life_seconds)


def _remember(memory: dict[str, T], key: str, value: T) -> None:
    memory[key] = value
    if len(memory) > RELEASES_MAX:
        memory.pop(next(iter(memory)))


def _stage(app: Path, code: str) -> None:
    """The shared guest's sources, the release's code objects, and an app that loads them."""
    stage_sources(app)
    release = msgspec.json.decode(f"{{{code}}}")
    lines = [f"ENTRY = {release['entry']!r}", f"MODULES = {release['modules']!r}", ""]
    (app / f"{_RELEASE}.py").write_text("\n".join(lines))
    with (app / "app.py").open("a") as file:
        file.write(_APP)
