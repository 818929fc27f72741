"""One checking process: asked by name, answers or is ended.

A check that only reads parses a stranger's archive: its process is in the runtime's jail, with
nothing but its own code to see. One that runs the release starts sandboxes, which no jail lets it:
it has no secrets either, and what it starts is jailed.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import Protocol

import msgspec
from hyperpersonal_runtime.api import Jail, Jailed, Reading, start_reader
from hyperpersonal_sdk.verdicts import Verdict

from hyperpersonal_registry.checks.worker import LENGTH

WORKER = "hyperpersonal_registry.checks.worker"
END_SECONDS_MAX = 10.0
VERDICT_BYTES_MAX = 1 << 20
_KEPT = ("PATH", "HOME", "LANG", "OPENBLAS_NUM_THREADS", "VIRTUAL_ENV")
STATIC = Reading(
    module=WORKER,
    words=("--static",),
    imports=("hyperpersonal_registry", "hyperpersonal_sdk", "msgspec", "packaging"),
    memory_bytes=1 << 30,
    cpu_seconds=600,
)


class Body(Protocol):
    """The process itself."""

    @property
    def pid(self) -> int: ...
    async def wait(self) -> None: ...
    def kill(self) -> None: ...


class CheckProcess:
    """A process and the way to it."""

    def __init__(
        self, body: Body, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._body, self._reader, self._writer = body, reader, writer

    @property
    def pid(self) -> int:
        return self._body.pid

    async def ask(self, name: str, seconds_max: float) -> Verdict | str:
        """The check's verdict; why there is none."""
        self.send(name.encode())
        try:
            async with asyncio.timeout(seconds_max):
                found = msgspec.msgpack.decode(await self._answer(), type=Verdict)
        except TimeoutError:
            return f"it took more than {seconds_max:.0f} s"
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.MsgspecError):
            return "its process ended"
        return found if found.check == name else "it answered for another check"

    async def _answer(self) -> bytes:
        (length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
        if length > VERDICT_BYTES_MAX:
            raise ConnectionError
        return await self._reader.readexactly(length)

    def send(self, data: bytes) -> None:
        """One frame; whether it arrives is seen by what comes back."""
        with suppress(ConnectionError, RuntimeError):
            self._writer.write(LENGTH.pack(len(data)) + data)

    async def end(self) -> None:
        """Let it end by itself, with what it started; else kill it."""
        self._writer.close()
        try:
            async with asyncio.timeout(END_SECONDS_MAX):
                await self._body.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it and everything it started."""
        self._body.kill()
        self._writer.close()
        await self._body.wait()


async def start_jailed(jail: Jail, subject: bytes) -> CheckProcess:
    """A process for the checks that read. Raises JailError: it could not be started."""
    process, ours = await asyncio.to_thread(start_reader, jail, STATIC)
    reader, writer = await asyncio.open_connection(sock=ours, limit=VERDICT_BYTES_MAX)
    made = CheckProcess(_Walled(process), reader, writer)
    made.send(subject)
    return made


async def start_free(subject: bytes) -> CheckProcess:
    """A process for the checks that run the release."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", WORKER, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        limit=VERDICT_BYTES_MAX, start_new_session=True,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    made = CheckProcess(_Free(process), process.stdout, process.stdin)
    made.send(subject)
    return made


class _Walled:
    def __init__(self, process: Jailed) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.inner

    async def wait(self) -> None:
        await asyncio.to_thread(self._process.wait)

    def kill(self) -> None:
        """The inner one first: then the wall's own process sees it go."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.inner, signal.SIGKILL)


class _Free:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> None:
        await self._process.wait()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
