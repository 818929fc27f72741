"""A kind of sandbox: how a release of it is made ready, and which lanes it runs on."""

import asyncio
from typing import Any, Protocol

from msgspec import Struct

from hyperpersonal_runtime.calls import HookCall, SealedRelease
from hyperpersonal_runtime.ending import End
from hyperpersonal_runtime.frames import ToHost


class LaneWorker(Protocol):
    """The process behind a lane."""

    @property
    def pid(self) -> int: ...
    def kill(self) -> None: ...


class Lane(Protocol):
    """Where one call runs. `over`: done once no answer is wanted any more, since the call or its
    process has ended; None where a call that waits for an answer cannot end before it."""

    kept: str

    @property
    def worker(self) -> LaneWorker: ...
    @property
    def over(self) -> "asyncio.Future[None] | None": ...
    def send(self, message: Any) -> None: ...
    async def receive(self) -> ToHost: ...


class Ready(Struct, frozen=True):
    """A release that can run.

    `code`: what a worker gets when it asks for it; '' when the component holds the code.
    `component`: file name of the compiled component in the guests folder; '' is the shared Python
    guest. `holds`: the sandbox itself waits while a host call is open, so it is never sent to
    sleep and run again for that.
    """

    code: str = ""
    component: str = ""
    holds: bool = False


class Kind(Protocol):
    """One of `python`, `component`, `process` (SealedRelease.runtime_kind)."""

    async def ready(self, release: SealedRelease) -> Ready | End:
        """Compile it or build its environment, once; an End when it cannot run here."""
        ...

    async def acquire(self, call: HookCall, ready: Ready, reuse: str) -> Lane:
        """A lane that can run the call. Raises PoolFullError, PoolClosedError."""
        ...

    def release(self, lane: Lane) -> None:
        """Its last call has ended."""
        ...

    async def close(self) -> None:
        """Take nothing more; what this kind started itself ends."""
        ...
