"""Runs the checks of a release in processes of their own, and has a verdict for every name asked.

A check that crashes, hangs, takes too much memory or is killed is ERROR; the next one gets a new
process. So a check can fail, and the release waits; it can never be lost, and the release passes.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from hyperpersonal_runtime.api import Jail, JailError, find_jail
from hyperpersonal_sdk.verdicts import Verdict

from hyperpersonal_registry.checks import REQUIRED, SANDBOXED
from hyperpersonal_registry.checks.process import CheckProcess, start_free, start_jailed
from hyperpersonal_registry.checks.subject import Subject
from hyperpersonal_registry.checks.worker import failed

STATIC_SECONDS_MAX = 30.0
SANDBOX_SECONDS_MAX = 180.0

Watch = Callable[[str, int], None]


class Runner:
    """Runs checks of one subject after another.

    Args:
        static_seconds_max: deadline of a check that reads.
        sandbox_seconds_max: deadline of a check that runs the release.
        watch: told each check's name and its process before it begins.
        jail: the wall around the checks that read; None: the strongest that works here.
    """

    def __init__(
        self,
        *,
        static_seconds_max: float = STATIC_SECONDS_MAX,
        sandbox_seconds_max: float = SANDBOX_SECONDS_MAX,
        watch: Watch = lambda name, pid: None,
        jail: Jail | None = None,
    ) -> None:
        self._static_seconds_max = static_seconds_max
        self._sandbox_seconds_max = sandbox_seconds_max
        self._watch = watch
        self._jail = jail

    async def run(self, subject: Subject, names: Sequence[str] = REQUIRED) -> list[Verdict]:
        """A verdict for each of these names, in their order."""
        return [verdict async for verdict in self.stream(subject, names)]

    async def stream(
        self, subject: Subject, names: Sequence[str] = REQUIRED
    ) -> AsyncIterator[Verdict]:
        """The same, each as soon as it is there."""
        data = msgspec.msgpack.encode(subject)
        for sandboxed in (False, True):
            asked = [name for name in names if (name in SANDBOXED) is sandboxed]
            async for verdict in self._stretch(data, asked, sandboxed=sandboxed):
                yield verdict

    async def _stretch(
        self, subject: bytes, names: Sequence[str], *, sandboxed: bool
    ) -> AsyncIterator[Verdict]:
        """Checks that share a process, until one of them ends it."""
        process: CheckProcess | None = None
        try:
            for name in names:
                if process is None:
                    process = await self._start(subject, sandboxed=sandboxed)
                if process is None:
                    yield failed(name, "its process could not be started")
                    continue
                seconds = self._sandbox_seconds_max if sandboxed else self._static_seconds_max
                self._watch(name, process.pid)
                found = await process.ask(name, seconds)
                if isinstance(found, str):
                    await process.kill()
                    process, found = None, failed(name, found)
                yield found
        finally:
            if process is not None:
                await process.end()

    async def _start(self, subject: bytes, *, sandboxed: bool) -> CheckProcess | None:
        if sandboxed:
            return await start_free(subject)
        if self._jail is None:
            self._jail = await asyncio.to_thread(find_jail)
        try:
            return await start_jailed(self._jail, subject)
        except JailError:
            return None
