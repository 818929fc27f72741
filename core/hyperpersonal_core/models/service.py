"""`model.generate` for everybody: the tenant's model plugins in their order, retries, failover.

ask -> answer cache -> the best service that may be asked -> its plugin in its sandbox -> answer
Each try is a hook call of its own; its host calls stand under the agent's call in the journal
('3.2.1': the first one of the second try of call 3). Covers: M-LLM-01, 02, 03, 04, 06.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallResult, CallScope, Entry, HookCall
from hyperpersonal_sdk.contract.models import GenerateAnswer, GenerateAsk, ModelError, Tier
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer, Outcome
from msgspec import Struct, structs

from hyperpersonal_core.installations.values import Bundle
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.tracing import traceparent
from hyperpersonal_core.models.bill import CACHED, Bill
from hyperpersonal_core.models.breaker import Breaker, Breakers
from hyperpersonal_core.models.cache import AnswerCache, key_of
from hyperpersonal_core.models.choice import Candidate, candidates
from hyperpersonal_core.models.drafts import Drafts
from hyperpersonal_core.models.none import NONE
from hyperpersonal_core.models.review import Plugins, Reviews
from hyperpersonal_core.models.speed import Speeds
from hyperpersonal_core.models.tries import Next, Tries

HOOK = "generate"
MARGIN_MS = 700  # for the agent to say something without an answer
HOST_CALLS_MAX = 4_000  # a streamed answer is read in many pieces
GRACE_S = 1.0

_answers = msgspec.json.Decoder(GenerateAnswer)
_ENDS: dict[Outcome, str] = {
    Outcome.TIMED_OUT: "timed_out", Outcome.OVER_LIMIT: "overloaded", Outcome.REFUSED: "rejected",
}  # fmt: skip


class Serving(Struct, frozen=True):
    """Who runs the model plugins, who shows what they write, and who watches."""

    plugins: Plugins
    drafts: Drafts
    speeds: Speeds


class _Asked(Struct, frozen=True):
    """One ask on its way."""

    scope: CallScope
    ask: GenerateAsk
    bill: Bill
    seen: Callable[[], Iterable[Entry]]


class Models:
    """The runtime's ModelPort. One a process: breakers and cached answers are its own.

    Args:
        serving: see Serving.
        now: seconds of a monotonic clock. jitter: 0..1, spreads retries out.
    """

    def __init__(
        self,
        serving: Serving,
        now: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._serving = serving
        self._now = now
        self._jitter = jitter
        self._breakers = Breakers()
        self._cache = AnswerCache(now)

    @classmethod
    def build(cls, ground: tuple[Database, Bus, Clock], plugins: Plugins) -> "Models":
        """The port with its drafts and its watch."""
        db, bus, clock = ground
        reviews = Reviews(plugins)
        drafts = Drafts(db, bus, plugins.journals, reviews)
        return cls(Serving(plugins, drafts, Speeds(db, clock)))

    async def watch(self) -> None:
        """Keep what was seen of the models' speed, until cancelled."""
        await self._serving.speeds.run()

    async def generate(
        self, scope: CallScope, ask: GenerateAsk, tier: Tier, seen: Callable[[], Iterable[Entry]]
    ) -> HostAnswer:
        """The first good answer within the ask's time, or why there is none."""
        try:
            version = self._serving.plugins.journals.bundle_version(scope)
            bundle = await self._serving.plugins.installations.bundle(
                UUID(scope.tenant_id), version
            )
        except (RefusedError, OutsideError) as error:
            return _failed(FailureKind.UNAVAILABLE, str(error))
        key = key_of(scope, ask, tier, bundle.version)
        if (cached := self._cache.get(key)) is not None:
            return HostAnswer(cached, cost=CACHED)
        asked = _Asked(scope, ask, Bill(), seen)
        answer = await self._first_good(asked, bundle, tier)
        if isinstance(answer, GenerateAnswer):
            self._cache.put(key, answer)
            return HostAnswer(answer, cost=asked.bill.cost())
        return HostAnswer(failure=answer, cost=asked.bill.cost() if asked.bill.tries else {})

    async def delta(self, scope: CallScope, text: str) -> HostAnswer:
        """A piece of an answer that somebody may see already."""
        if self._serving.drafts.add(scope, text):
            return HostAnswer({})
        return _failed(FailureKind.DENIED, "nobody waits for a draft of this answer")

    async def _first_good(
        self, asked: _Asked, bundle: Bundle, tier: Tier
    ) -> GenerateAnswer | Failure:
        found = candidates(bundle, tier)
        if not found:
            return Failure(FailureKind.UNAVAILABLE, NONE)
        services = [(one, self._breaker(asked.scope, one)) for one in found]
        ends_at = self._now() + max(0, asked.ask.timeout_ms - MARGIN_MS) / 1000
        tries = Tries(services, ends_at)
        try:
            while (plan := tries.next(self._now())) is not None:
                await asyncio.sleep(plan.wait_ms / 1000)
                answer = await self._try(asked, plan)
                if answer.error is None:
                    return answer
                tries.failed(plan.candidate, answer.error, self._now(), self._jitter())
        finally:
            self._serving.drafts.end(asked.scope)
        return _no_answer(tries.error)

    def _breaker(self, scope: CallScope, candidate: Candidate) -> Breaker:
        return self._breakers.of((UUID(scope.tenant_id), candidate.installation.id))

    async def _try(self, asked: _Asked, plan: Next) -> GenerateAnswer:
        """One try, with what it says of the service."""
        breaker = self._breaker(asked.scope, plan.candidate)
        if not asked.bill.tries:
            breaker.earn()
        asked.bill.tries += 1
        breaker.begin()
        started, told = self._now(), False
        try:
            answer = await self._call(asked, plan)
            told = True
        finally:
            if not told:
                breaker.left()
        if answer.error is None or answer.error.kind == "rejected":
            breaker.succeeded()
        else:
            breaker.failed(self._now())
        self._note(asked, plan.candidate, answer, (self._now() - started) * 1000)
        return answer

    def _note(self, asked: _Asked, candidate: Candidate, answer: GenerateAnswer, ms: float) -> None:
        usage, tenant_id = answer.usage, UUID(asked.scope.tenant_id)
        asked.bill.add(candidate, usage)
        tokens, failed = (usage.tokens_in, usage.tokens_out), answer.error is not None
        self._serving.speeds.saw(tenant_id, candidate, ms, tokens, failed=failed)

    async def _call(self, asked: _Asked, plan: Next) -> GenerateAnswer:
        installation = plan.candidate.installation
        try:
            load = self._serving.plugins.releases.load
            release = await load(installation.digest, unreviewed=installation.unreviewed)
        except (RefusedError, OutsideError) as error:
            return _error("rejected", str(error))
        ask = structs.replace(
            asked.ask,
            model=plan.candidate.model,
            config=installation.config,
            timeout_ms=plan.timeout_ms,
        )
        if ask.stream:
            self._serving.drafts.begin(asked.scope, asked.seen)
        path = f"{asked.scope.path}.{asked.bill.tries}"
        scope = structs.replace(asked.scope, path=path, money_max=None)
        payload = msgspec.json.encode(ask)
        call = installation.call(release, HOOK, payload, scope, plan.timeout_ms)
        limits = structs.replace(call.limits, host_calls=HOST_CALLS_MAX)
        return await self._run(
            structs.replace(call, limits=limits, traceparent=traceparent()), asked.ask
        )

    async def _run(self, call: HookCall, ask: GenerateAsk) -> GenerateAnswer:
        try:
            async with asyncio.timeout(call.limits.deadline_ms / 1000 + GRACE_S):
                result = await self._serving.plugins.host.call(call)
        except TimeoutError:
            return _error("timed_out", "the plugin did not answer in time")
        self._serving.plugins.journals.told(call, result)
        return _read(result, ask)


def _read(result: CallResult, ask: GenerateAsk) -> GenerateAnswer:
    """The answer in a result; JSON where JSON was asked for."""
    if result.outcome is not Outcome.OK:
        words = f"{result.outcome.value}: {result.detail}"
        return _error(_ENDS.get(result.outcome, "unavailable"), words)
    answer = _answers.decode(result.value)
    if answer.error is not None or ask.json_schema is None or answer.uses:
        return answer
    try:
        msgspec.json.decode(answer.text)
    except msgspec.DecodeError:
        broken = ModelError("malformed", "the answer is no JSON")
        return structs.replace(answer, error=broken)
    return answer


def _no_answer(error: ModelError | None) -> Failure:
    if error is None:
        return Failure(
            FailureKind.UNAVAILABLE, "every model service has failed lately; they are left alone"
        )
    words = f"no model answered; the last said: {error.kind}: {error.message}"
    return Failure(FailureKind.FAILED, words)


def _error(kind: str, words: str) -> GenerateAnswer:
    return GenerateAnswer(error=msgspec.convert({"kind": kind, "message": words}, ModelError))


def _failed(kind: FailureKind, words: str) -> HostAnswer:
    return HostAnswer(failure=Failure(kind, words))
