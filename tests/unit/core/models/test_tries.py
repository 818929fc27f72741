"""Tries, breaker and budget: within the ask's time, in the services' own terms, never a storm."""

from uuid import UUID

from hyperpersonal_core.installations.values import Installation, compose
from hyperpersonal_core.models.breaker import (
    FAILURES_MAX,
    OPEN_S,
    OPEN_S_MAX,
    RETRY_TOKENS_MAX,
    Breaker,
)
from hyperpersonal_core.models.choice import Candidate, candidates
from hyperpersonal_core.models.tries import TRIES_MAX, TRY_MS_MIN, Tries
from hyperpersonal_sdk.contract.models import ModelError, Price, Usage
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

KINDS = ["rate_limited", "overloaded", "unavailable", "timed_out", "cut", "malformed",
         "rejected", "unauthorized"]  # fmt: skip


def service(number: int, **config: object) -> Installation:
    made = {"models": {"strong": "big", "cheap": "small"}, **config}
    return Installation(UUID(int=1), UUID(int=number), f"acme/{number}", "1.0.0", "sha256:x",
                        "model", {}, (), made, True)  # fmt: skip


def candidate(number: int) -> Candidate:
    return Candidate(service(number), "big", None, "USD", 0)


ERRORS = st.builds(
    ModelError, kind=st.sampled_from(KINDS), retry_after_ms=st.sampled_from([0, 10, 900, 60_000])
)


@given(
    count=st.integers(1, 3),
    seconds=st.floats(0, 20),
    errors=st.lists(st.tuples(ERRORS, st.floats(0, 3), st.floats(0, 1)), min_size=8, max_size=8),
)
def test_that_tries_keep_to_the_time_and_to_what_services_ask(count, seconds, errors) -> None:
    pairs = [(candidate(n + 1), Breaker()) for n in range(count)]
    tries, now, ends_at = Tries(pairs, seconds), 0.0, seconds
    not_before: dict[UUID, float] = {}
    made = 0
    for error, took, jitter in errors:
        plan = tries.next(now)
        if plan is None:
            break
        made += 1
        id_ = plan.candidate.installation.id
        starts = now + plan.wait_ms / 1000
        assert starts >= not_before.get(id_, 0.0) - 0.002
        assert plan.timeout_ms >= TRY_MS_MIN // 2
        assert starts + plan.timeout_ms / 1000 <= ends_at + 0.001
        now = starts + min(took, plan.timeout_ms / 1000)
        tries.failed(plan.candidate, error, now, jitter)
        final = error.kind in ("rejected", "unauthorized")
        not_before[id_] = float("inf") if final else now + error.retry_after_ms / 1000
    assert made <= TRIES_MAX


def test_that_another_service_is_asked_at_once_and_the_first_only_when_it_may() -> None:
    first, second = candidate(1), candidate(2)
    tries = Tries([(first, Breaker()), (second, Breaker())], 30.0)
    plan = tries.next(0.0)
    assert plan is not None
    assert (plan.candidate, plan.wait_ms, plan.timeout_ms) == (first, 0, 15_000)
    tries.failed(first, ModelError("rate_limited", retry_after_ms=5_000), 1.0, 0.5)
    plan = tries.next(1.0)
    assert plan is not None
    assert (plan.candidate, plan.wait_ms) == (second, 0)
    tries.failed(second, ModelError("unauthorized"), 2.0, 0.5)
    plan = tries.next(2.0)
    assert plan is not None
    assert (plan.candidate, plan.wait_ms) == (first, 4_000)


def test_that_nobody_is_asked_when_a_wait_would_not_end_in_time() -> None:
    tries = Tries([(candidate(1), Breaker())], 10.0)
    assert tries.next(0.0) is not None
    tries.failed(candidate(1), ModelError("rate_limited", retry_after_ms=60_000), 0.1, 0.5)
    assert tries.next(0.1) is None
    assert Tries([], 10.0).next(0.0) is None


def test_that_retries_stop_when_their_budget_is_used_up() -> None:
    breaker, retries = Breaker(), 0
    for _ in range(40):  # asks of which every try fails, at a service that never opens its breaker
        breaker.earn()
        tries = Tries([(candidate(1), breaker)], 100.0)
        while tries.next(0.0) is not None:
            tries.failed(candidate(1), ModelError("unavailable"), 0.0, 0.0)
        retries += tries.count - 1
    assert retries <= RETRY_TOKENS_MAX + 40 * 0.2 + 1


class BreakerLaws(RuleBasedStateMachine):
    """Open: nobody asks. Half open: one asks. A success closes it."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker, self.now, self.in_a_row, self.asking = Breaker(), 0.0, 0, 0

    @rule(seconds=st.floats(0, 40))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(ends=st.sampled_from(["well", "badly", "left"]))
    def ask(self, ends: str) -> None:
        if not self.breaker.allows(self.now):
            assert self.in_a_row >= FAILURES_MAX
            return
        self.breaker.begin()
        half_open = self.breaker.probing
        assert not (half_open and self.breaker.allows(self.now))
        if ends == "well":
            self.breaker.succeeded()
            self.in_a_row = 0
            assert self.breaker.allows(self.now)
        elif ends == "badly":
            self.breaker.failed(self.now)
            self.in_a_row += 1
            assert self.breaker.allows(self.now) == (self.in_a_row < FAILURES_MAX)
        else:
            self.breaker.left()
            assert self.breaker.allows(self.now)

    @invariant()
    def never_shut_for_long(self) -> None:
        assert self.breaker.allows(self.now + OPEN_S_MAX)
        assert self.breaker.open_s in (0.0, OPEN_S, *[OPEN_S * 2**n for n in range(5)], OPEN_S_MAX)


TestBreakerLaws = BreakerLaws.TestCase


def test_that_services_stand_in_the_tenants_order_with_the_tiers_model() -> None:
    bundle = compose(1, [service(1, order=2), service(2), service(3, models={"strong": "only"}),
                         service(4, models={}), service(5, models="nonsense")])  # fmt: skip
    cheap = candidates(bundle, "cheap")
    assert [(one.installation.id.int, one.model) for one in cheap] == [
        (2, "small"), (3, "only"), (1, "small")]  # fmt: skip


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_that_a_price_is_rounded_up_to_the_next_micro(read, wrote, cached) -> None:
    usage = Usage(read + cached, wrote, cached)
    cost = Price(3.0, 15.0, 0.25).micros(usage)
    exact = 3 * read + 15 * wrote + cached / 4
    assert exact <= cost < exact + 1
