"""What is too much is refused, says when to come again, and does not touch anybody else."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.errors import TooManyError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_web.http.problems import as_fields
from hyperpersonal_web.http.rates import Buckets, Places, Rates, unlimited

ANN, BEN = UUID(int=1), UUID(int=2)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, tzinfo=UTC))


def taken(buckets: Buckets, key: object, tries: int = 100) -> int:
    """How many of `tries` go through."""
    count = 0
    for _ in range(tries):
        try:
            buckets.take(key, "messages")
            count += 1
        except TooManyError:
            continue
    return count


def test_that_a_burst_goes_through_and_no_more(clock: FixedClock) -> None:
    buckets = Buckets(2.0, 30, clock)
    assert taken(buckets, ANN) == 30
    assert taken(buckets, BEN) == 30, "another contact has a bucket of their own"


def test_that_tokens_come_back_with_time_up_to_the_burst(clock: FixedClock) -> None:
    buckets = Buckets(2.0, 30, clock)
    taken(buckets, ANN)
    clock.at += timedelta(seconds=3)
    assert taken(buckets, ANN) == 6
    clock.at += timedelta(days=1)
    assert taken(buckets, ANN) == 30


def test_that_waiting_as_long_as_told_is_enough(clock: FixedClock) -> None:
    buckets = Buckets(0.25, 3, clock)
    taken(buckets, ANN)
    with pytest.raises(TooManyError, match="messages") as refused:
        buckets.take(ANN, "messages")
    assert refused.value.retry_after_s == 4
    clock.at += timedelta(seconds=refused.value.retry_after_s)
    buckets.take(ANN, "messages")


def test_that_a_clock_set_back_locks_nobody_out(clock: FixedClock) -> None:
    buckets = Buckets(2.0, 30, clock)
    buckets.take(ANN, "messages")
    clock.at -= timedelta(days=1)
    with pytest.raises(TooManyError):
        buckets.take(ANN, "messages")
    clock.at += timedelta(seconds=1)
    assert taken(buckets, ANN) >= 1


def test_that_memory_is_bounded_and_who_writes_is_remembered(clock: FixedClock) -> None:
    buckets = Buckets(2.0, 2, clock, keys_max=10)
    taken(buckets, "old")
    taken(buckets, "busy")
    for number in range(9):
        buckets.take(number, "messages")
    assert len(buckets) == 10
    assert taken(buckets, "busy") == 0
    assert taken(buckets, "old") == 2


def test_that_nought_is_no_limit(clock: FixedClock) -> None:
    rates = Rates(unlimited(Settings()), clock)
    for _ in range(1_000):
        rates.message(ANN)
        rates.typing(ANN)
        rates.session(ANN, "192.0.2.1")
        rates.socket(ANN).__enter__()


def test_that_places_are_given_back(clock: FixedClock) -> None:
    places = Places(1)
    with places.hold(ANN, "open chats"), places.hold(BEN, "open chats"):  # noqa: SIM117
        with pytest.raises(TooManyError, match="open chats"), places.hold(ANN, "open chats"):
            pass
    with places.hold(ANN, "open chats"):
        pass


def test_that_sessions_are_counted_by_channel_and_subscriber(clock: FixedClock) -> None:
    rates = Rates(Settings(), clock)
    for number in range(60):
        rates.session(ANN, f"2001:db8::{number:x}")
    with pytest.raises(TooManyError):
        rates.session(ANN, "2001:db8::ffff")
    rates.session(ANN, "2001:db8:0:1::1")
    rates.session(ANN, "192.0.2.1")
    rates.session(BEN, "2001:db8::ffff")
    rates.session(ANN, "")


def test_that_the_frame_says_when_to_come_again() -> None:
    fields = as_fields(TooManyError("too many messages; please wait a moment", 3))
    assert (fields["status"], fields["code"], fields["retry_after_s"]) == (429, "too_many", 3)
