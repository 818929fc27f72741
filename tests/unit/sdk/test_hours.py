"""Opening hours by the clock on the wall: spans past midnight, closed days, summer time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_sdk.hours import AHEAD_DAYS_MAX, DAYS, Hours, parse
from hypothesis import given
from hypothesis import strategies as st

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
         "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia"]  # fmt: skip
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


SPANS = st.builds(
    lambda day, pair: f"{DAYS[day]} {_time(min(pair))}-{_time(max(pair))}",
    st.integers(0, 6),
    st.sets(st.integers(0, 1439), min_size=2, max_size=2),
)
INSTANTS = st.integers(0, 2 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-11-20T08:59:59", False),
        ("2026-11-20T09:00:00", True),
        ("2026-11-20T17:29:59", True),
        ("2026-11-20T17:30:00", False),
        ("2026-11-21T12:00:00", False),
        ("2026-12-25T12:00:00", False),
    ],
)
def test_that_a_span_is_open_from_its_first_minute_until_before_its_last(
    when: str, *, is_open: bool
) -> None:
    hours = parse("Europe/Berlin", ["mon-fri 09:00-17:30"], ["2026-12-25"])
    assert hours.is_open(at(when, "Europe/Berlin")) is is_open


def test_that_a_span_may_pass_midnight_and_the_week() -> None:
    hours = parse("UTC", ["fri-sun 22:00-02:00"])
    assert [hours.is_open(at(f"2026-11-{day} 01:00")) for day in (20, 21, 22, 23, 24)] == [
        False, True, True, True, False,
    ]  # fmt: skip
    assert hours.is_open(at("2026-11-22 23:59"))
    assert parse("UTC", ["sat 22:00-24:00"]) == parse("UTC", ["sat 22:00-00:00"])
    everywhen = parse("UTC", ["mon-sun 00:00-24:00"])
    assert everywhen.is_open(at("2026-11-22 23:59"))
    assert everywhen.is_open(at("2026-11-23 00:00"))
    assert parse("UTC", ["sun-mon 10:00-11:00"]).is_open(at("2026-11-23 10:30"))


@pytest.mark.parametrize(
    ("zone", "spans", "closed", "words"),
    [
        ("Europe/Berlinn", ["mon 09:00-10:00"], [], "no time zone"),
        ("../etc/passwd", [], [], "no time zone"),
        ("UTC", ["monday 9-17"], [], "write them like"),
        ("UTC", ["mon 09:00-25:00"], [], "write them like"),
        ("UTC", ["mon 09:00-24:30"], [], "ends at 24:00"),
        ("UTC", ["mon 09:00-09:00"], [], "does not end as it begins"),
        ("UTC", ["mon 24:00-09:00"], [], "ends at 24:00"),
        ("UTC", [], ["2026-02-30"], "no date"),
    ],
)
def test_that_what_are_no_hours_is_told_with_an_example(
    zone: str, spans: list[str], closed: list[str], words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        parse(zone, spans, closed)


def test_that_the_hour_that_summer_time_skips_is_never_and_the_repeated_one_twice() -> None:
    """Berlin: 02:00-03:00 is skipped on 2026-03-29 and comes twice on 2026-10-25."""
    night = parse("Europe/Berlin", ["sun 02:15-02:45"])
    spring = at("2026-03-29 00:00", "Europe/Berlin")
    assert not any(night.is_open(spring + timedelta(minutes=n)) for n in range(300))
    early = parse("Europe/Berlin", ["sun 02:30-04:00"])
    assert early.opens_at(spring) == at("2026-03-29 01:00"), "at 03:00, which is 02:00 skipped over"
    autumn = at("2026-10-25 02:30", "Europe/Berlin")
    again = at("2026-10-25 02:30", "Europe/Berlin", fold=1)
    assert (again.astimezone(UTC) - autumn.astimezone(UTC)) == timedelta(hours=1)
    assert night.is_open(autumn)
    assert night.is_open(again)
    between = at("2026-10-25 02:50", "Europe/Berlin")
    assert night.opens_at(between) == at("2026-10-25 01:15"), "the second 02:15"


@given(st.sampled_from(ZONES), st.lists(SPANS, min_size=1, max_size=4), INSTANTS)
def test_that_opens_at_is_the_first_open_minute(zone: str, spans: list[str], now: datetime) -> None:
    hours = parse(zone, spans)
    opens = hours.opens_at(now)
    assert opens is not None
    assert opens >= now
    assert hours.is_open(opens)
    whole = now.replace(second=0, microsecond=0)
    minutes = int((opens - whole).total_seconds()) // 60
    before = [whole + timedelta(minutes=n) for n in range(1, min(minutes, 4_000))]
    assert not any(hours.is_open(one) for one in before)
    assert hours.is_open(now) == (opens == now)


@given(st.sampled_from(ZONES), st.lists(SPANS, max_size=4), INSTANTS)
def test_that_being_open_depends_on_the_wall_clock_alone(
    zone: str, spans: list[str], now: datetime
) -> None:
    hours = parse(zone, spans)
    local = now.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    said = [
        text.split(" ")[1].split("-") for text in spans if DAYS.index(text[:3]) == local.weekday()
    ]
    inside = [_minute(first) <= minute < _minute(last) for first, last in said]
    assert hours.is_open(now) == any(inside)


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def test_that_who_is_never_there_never_comes_back() -> None:
    assert Hours("UTC", ()).opens_at(at("2026-11-22 10:00")) is None
    days = [(at("2026-11-22") + timedelta(days=n)).date().isoformat() for n in range(60)]
    closed = parse("UTC", ["mon-sun 00:00-24:00"], days)
    assert closed.opens_at(at("2026-11-22 10:00")) is None
    assert AHEAD_DAYS_MAX < 60


@pytest.mark.parametrize(
    ("opens", "words"),
    [
        ("2026-11-22 14:00", "today at 15:00 (Europe/Berlin)"),
        ("2026-11-23 08:00", "tomorrow at 09:00 (Europe/Berlin)"),
        ("2026-11-25 08:00", "on Wednesday at 09:00 (Europe/Berlin)"),
        ("2026-12-02 08:00", "on 2 December at 09:00 (Europe/Berlin)"),
    ],
)
def test_that_an_instant_is_told_as_people_say_it(opens: str, words: str) -> None:
    hours = parse("Europe/Berlin", ["mon-fri 09:00-17:00"])
    assert hours.words(at(opens), at("2026-11-22 10:00")) == words
