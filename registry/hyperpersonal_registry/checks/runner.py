"""Runs the checks of a release in processes of their own, and has a verdict for every name asked.

A check that crashes, hangs, takes too much memory or is killed is ERROR; the next one gets a new
process. So a check can fail, and the release waits; it can never be lost, and the release passes.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

import msgspec
from hyperpersonal_sdk.verdicts import Verdict

from hyperpersonal_registry.checks import REQUIRED, SANDBOXED
from hyperpersonal_registry.checks.subject import Subject
from hyperpersonal_registry.checks.worker import LENGTH, failed

STATIC_SECONDS_MAX = 30.0
SANDBOX_SECONDS_MAX = 180.0
END_SECONDS_MAX = 10.0
VERDICT_BYTES_MAX = 1 << 20
WORKER = "hyperpersonal_registry.checks.worker"
_SANDBOXED = frozenset(check.NAME for check in SANDBOXED)

Watch = Callable[[str, int], None]


class Runner:
    """Runs checks of one subject after another.

    Args:
        static_seconds_max: deadline of a check that reads.
        sandbox_seconds_max: deadline of a check that runs the release.
        watch: told each check's name and its process before it begins.
    """

    def __init__(
        self,
        *,
        static_seconds_max: float = STATIC_SECONDS_MAX,
        sandbox_seconds_max: float = SANDBOX_SECONDS_MAX,
        watch: Watch = lambda name, pid: None,
    ) -> None:
        self._static_seconds_max = static_seconds_max
        self._sandbox_seconds_max = sandbox_seconds_max
        self._watch = watch

    async def run(self, subject: Subject, names: Sequence[str] = REQUIRED) -> list[Verdict]:
        """A verdict for each of these names, in their order."""
        return [verdict async for verdict in self.stream(subject, names)]

    async def stream(
        self, subject: Subject, names: Sequence[str] = REQUIRED
    ) -> AsyncIterator[Verdict]:
        """The same, each as soon as it is there."""
        data = msgspec.msgpack.encode(subject)
        for sandboxed in (False, True):
            asked = [name for name in names if (name in _SANDBOXED) is sandboxed]
            async for verdict in self._stretch(data, asked, sandboxed=sandboxed):
                yield verdict

    async def _stretch(
        self, subject: bytes, names: Sequence[str], *, sandboxed: bool
    ) -> AsyncIterator[Verdict]:
        """Checks that share a process, until one of them ends it."""
        process: _Process | None = None
        try:
            for name in names:
                if process is None:
                    process = await _Process.start(subject, sandboxed=sandboxed)
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


class _Process:
    """One checking process and what runs below it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, subject: bytes, *, sandboxed: bool) -> "_Process":
        words = (
            "-m",
            "hyperpersonal_registry.checks.worker",
            *(() if sandboxed else ("--static",)),
        )
        kept = ("PATH", "HOME", "LANG", "OPENBLAS_NUM_THREADS", "VIRTUAL_ENV")
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, limit=VERDICT_BYTES_MAX, start_new_session=True,
            env={name: os.environ[name] for name in kept if name in os.environ},
        )  # fmt: skip
        made = cls(process)
        made._send(subject)
        return made

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, name: str, seconds_max: float) -> Verdict | str:
        """The check's verdict; why there is none."""
        self._send(name.encode())
        try:
            async with asyncio.timeout(seconds_max):
                found = msgspec.msgpack.decode(await self._answer(), type=Verdict)
        except TimeoutError:
            return f"it took more than {seconds_max:.0f} s"
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.MsgspecError):
            return "its process ended"
        return found if found.check == name else "it answered for another check"

    async def _answer(self) -> bytes:
        assert self._process.stdout is not None
        (length,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
        if length > VERDICT_BYTES_MAX:
            raise ConnectionError
        return await self._process.stdout.readexactly(length)

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(LENGTH.pack(len(data)) + data)

    async def end(self) -> None:
        """Let it end by itself, with what it started; else kill it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_SECONDS_MAX)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it and everything in its session."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
