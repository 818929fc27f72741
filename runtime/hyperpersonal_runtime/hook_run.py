"""One hook call from start to outcome: runs of the guest, host calls, waits, lost workers.

    run -> ask -> journal -> granter -> effect -> answer ... -> done
A call that is not answered within the inline wait ends the run: the instance is dropped, and the
guest runs again from its start when the answer is there, with all answers so far from the journal.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import structlog
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer, Outcome
from msgspec import Struct
from opentelemetry.trace import Tracer

from hyperpersonal_runtime.calls import HookCall, Limits
from hyperpersonal_runtime.capability_granter import CapabilityGranter
from hyperpersonal_runtime.egress.fetcher import Fetcher
from hyperpersonal_runtime.egress.streams import OpenStreams
from hyperpersonal_runtime.ending import End, end_of
from hyperpersonal_runtime.frames import Answer, Ask, Code, Done, GuestLimits, NeedCode, Start
from hyperpersonal_runtime.hostcalls.context import Context, Effect
from hyperpersonal_runtime.hostcalls.table import prepare
from hyperpersonal_runtime.journal import (
    Entry,
    Journal,
    NondeterministicError,
    answer_text,
    guest_answer,
    request_hash,
)
from hyperpersonal_runtime.kinds.kind import Lane, Ready
from hyperpersonal_runtime.ports import Ports
from hyperpersonal_runtime.script import Scripts
from hyperpersonal_runtime.spans import host_call

JOURNAL_CHARS_MAX = 16 * 1024 * 1024  # requests and answers of one hook call

log = structlog.get_logger("runtime")


class Surroundings(Struct, frozen=True):
    """What all calls of one host share."""

    ports: Ports
    fetcher: Fetcher
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    tracer: Tracer | None = None


class HookRun:
    """The host's side of one hook call, over as many runs as it takes."""

    def __init__(self, call: HookCall, around: Surroundings, ready: Ready) -> None:
        self.call = call
        self._around = around
        self.ready = ready
        self._journal = Journal(call.scope.path, call.recorded)
        self._granter = CapabilityGranter(call.grants, call.scope)
        self._streams = OpenStreams()
        scripts: Scripts | None = around.ports.scripts
        self._script = scripts.of(call.scope) if scripts else None
        self._pending: dict[str, asyncio.Task[str]] = {}
        self._stopped: End | None = None
        self._over: asyncio.Future[None] | None = None
        self._started = time.monotonic()
        self.logs: tuple[str, ...] = ()
        self.guest_cpu_ms = 0.0
        self.done: list[Done] = []

    @property
    def remaining_seconds(self) -> float:
        return self.call.limits.deadline_ms / 1000 - (time.monotonic() - self._started)

    @property
    def reuse(self) -> str:
        """Connectors that serve an agent's call may share an instance, within one installation."""
        scope = self.call.scope
        if not scope.nested:
            return ""
        return f"{scope.tenant_id} {scope.installation_id} {self.call.release.digest}"

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._journal.entries

    async def run_once(self, lane: Lane) -> End:
        """One run of the guest on this lane. Raises WorkerLostError."""
        self._journal.rewind()
        if self._script is not None:
            self._script.rewind()
        self._stopped = None
        limits = guest_limits(self.call.limits, self.remaining_seconds)
        call, payload = self.call, self.call.payload.decode()
        component = self.ready.component
        lane.send(Start(call.hook, call.release.digest, payload, limits, self.reuse, component))
        lane.kept = self.reuse or lane.kept
        self._over = lane.over
        while True:
            frame = await lane.receive()
            if isinstance(frame, Ask):
                lane.send(await self._on_ask(frame))
            elif isinstance(frame, NeedCode):
                lane.send(Code(self.ready.code))
            else:
                return self._on_done(frame)

    async def wait_for_answers(self) -> bool:
        """After a suspension: keep what is recorded, then wait until every open call is answered.
        False when the deadline passes first."""
        await self.save()
        tasks = set(self._pending.values())
        if tasks:
            await asyncio.wait(tasks, timeout=max(0.0, self.remaining_seconds))
        return all(task.done() for task in tasks) and self.remaining_seconds > 0

    @property
    def open_calls(self) -> str:
        """The calls without an answer, for people."""
        known = {entry.path: entry.name for entry in self._journal.entries}
        return ", ".join(f"call {path} ({known.get(path, '?')})" for path in self._pending)

    async def close(self) -> None:
        """Nobody waits any more for what is still open."""
        tasks = list(self._pending.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
        self._streams.close()

    async def _on_ask(self, ask: Ask) -> Answer:
        if self._script is not None:
            return self._scripted(self._script.answer(ask.name, ask.payload))
        try:
            path, known = self._journal.next(ask.name, ask.payload)
        except NondeterministicError as error:
            return self._stop(Outcome.NONDETERMINISTIC, str(error))
        if known is not None and known.answer is not None:
            return Answer(*guest_answer(known.answer))
        if over := self._over_limit(path):
            return self._stop(Outcome.OVER_LIMIT, over)
        task = self._pending.get(path)
        if task is None:
            started = await self._begin(path, ask, known)
            if isinstance(started, str):
                return Answer(*guest_answer(started))
            task = started
        return await self._inline(task)

    def _over_limit(self, path: str) -> str:
        """Why a call that was not made before is one too many; '' when it is not."""
        if int(path.rpartition(".")[2]) > self.call.limits.host_calls:
            return f"more than {self.call.limits.host_calls} host calls"
        if self._journal.chars > JOURNAL_CHARS_MAX:
            return f"over {JOURNAL_CHARS_MAX} characters of journal"
        return ""

    async def _begin(self, path: str, ask: Ask, known: Entry | None) -> "asyncio.Task[str] | str":
        """Check, record and start a call; its answer when it is known at once."""
        effect = prepare(ask.name, ask.payload, self._context(path))
        now = self._around.now().timestamp()
        entry = known or Entry(
            path, ask.name, ask.payload, request_hash(ask.name, ask.payload), started_at=now
        )
        if isinstance(effect, Failure):
            effect = Effect(at_once=HostAnswer(failure=effect))
        if effect.at_once is not None:
            return self._answered(entry, effect.at_once, 0.0)
        if effect.write and not entry.write:
            entry = msgspec.structs.replace(entry, write=True)
        self._journal.put(entry)
        task = asyncio.get_running_loop().create_task(self._perform(entry, effect))
        self._pending[path] = task
        return task

    async def _perform(self, entry: Entry, effect: Effect) -> str:
        """Do it and keep the answer. A write is intended first, with all that led to it."""
        started = time.monotonic()
        if entry.write and not self.call.scope.nested:  # else call 3's own intent is kept already
            await self.save()
        assert effect.perform is not None
        try:
            with host_call(self._around.tracer, entry):
                answer = await effect.perform()
        except Exception as error:  # a port broke its promise: the plugin sees a failure
            log.exception("hostcall.broke", name=entry.name, error=type(error).__name__)
            answer = HostAnswer(failure=Failure(FailureKind.FAILED, "the host could not do this"))
        return self._answered(entry, answer, (time.monotonic() - started) * 1e3)

    async def _inline(self, task: "asyncio.Task[str]") -> Answer:
        """Wait a little; then what is recorded is made durable. A guest is sent to sleep (the host
        saves when it waits for it); a sandbox that holds is waited for until the deadline."""
        await self._wait(task, self.call.limits.inline_wait_ms / 1000)
        if not task.done() and self.ready.holds:
            if not self.call.scope.nested:
                await self.save()
            await self._wait(task, self.remaining_seconds)
        if not task.done():
            if not (self._over and self._over.done()):
                self._stopped = End(Outcome.SUSPENDED)
            return Answer("suspended", "")
        return Answer(*guest_answer(task.result()))

    async def _wait(self, task: "asyncio.Task[str]", seconds: float) -> None:
        """For the answer, for as long as anybody wants it."""
        awaited: list[asyncio.Future[Any]] = [task, *([self._over] if self._over else [])]
        if not any(one.done() for one in awaited):
            seconds = max(0.0, min(seconds, self.remaining_seconds))
            await asyncio.wait(awaited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    def _answered(self, entry: Entry, answer: HostAnswer, elapsed_ms: float) -> str:
        text = answer_text(answer)
        if answer.cost:
            entry = msgspec.structs.replace(entry, cost=answer.cost)
        self._journal.answered(entry, text, elapsed_ms)
        self._pending.pop(entry.path, None)
        return text

    def _scripted(self, told: str | End) -> Answer:
        if isinstance(told, str):
            return Answer(*guest_answer(told))
        return self._stop(told.outcome, told.detail)

    def _stop(self, outcome: Outcome, detail: str) -> Answer:
        self._stopped = End(outcome, detail)
        return Answer("limit", detail, stop=True)

    def _on_done(self, done: Done) -> End:
        self.done.append(done)
        self.guest_cpu_ms += done.guest_cpu_ms
        self.logs = done.logs
        if self._stopped is not None:
            return self._stopped
        return end_of(self.call.hook, done)

    def _context(self, path: str) -> Context:
        around, scope = self._around, self.call.scope
        return Context(
            scope=scope,
            granter=self._granter,
            ports=around.ports,
            fetcher=around.fetcher,
            streams=self._streams,
            now=around.now,
            random=around.random,
            path=path,
            key=f"{scope.turn_id}:{path}",
            earlier=lambda: self._earlier(path),
            left_ms=lambda: int(self.remaining_seconds * 1000),
        )

    def _earlier(self, path: str) -> list[Entry]:
        """Every entry of the turn but this call's own, which a resumed turn may hold already."""
        known = {entry.path: entry for entry in (*self.call.recorded, *self._journal.entries)}
        known.pop(path, None)
        return list(known.values())

    async def save(self) -> None:
        """Make durable what is recorded."""
        if self.call.scope.turn_id:
            await self._around.ports.journal.save(self.call.scope, list(self._journal.entries))


def guest_limits(limits: Limits, remaining_seconds: float) -> GuestLimits:
    """What the worker holds the guest to in this run."""
    return GuestLimits(
        memory_bytes=limits.memory_mib << 20,
        guest_cpu_ms=limits.guest_cpu_ms,
        deadline_ms=max(1, int(remaining_seconds * 1000)),
        input_bytes=limits.input_bytes,
        output_bytes=limits.output_bytes,
        log_lines=limits.log_lines,
    )
