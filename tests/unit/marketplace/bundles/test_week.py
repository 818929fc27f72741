"""Opening hours in words and as a week; both say what the hours themselves say."""

from datetime import UTC, datetime, timedelta

import pytest
from hyperpersonal_marketplace.bundles.week import ALWAYS, times_of
from hyperpersonal_sdk import hours
from hyperpersonal_sdk.errors import BadInputError
from hypothesis import assume, given
from hypothesis import strategies as st

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
CLOCKS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
SPANS = st.builds(
    "{}-{} {}-{}".format, st.sampled_from(hours.DAYS), st.sampled_from(hours.DAYS), CLOCKS, CLOCKS
)


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        (["mon-fri 08:00-20:00", "sat 10:00-14:00"],
         "Monday to Friday 08:00–20:00, Saturday 10:00–14:00"),
        (["mon-sun 00:00-24:00"], ALWAYS),
        (["mon-sun 09:00-17:00"], "every day 09:00–17:00"),
        (["mon-wed 08:00-12:00", "thu-sun 08:00-12:00"], "every day 08:00–12:00"),
        (["fri 22:00-02:00"], "Friday 22:00–02:00"),
        (["sun 22:00-03:00"], "Sunday 22:00–03:00"),
        (["sat-sun 00:00-24:00"], "all Saturday to Sunday"),
        (["fri 18:00-24:00", "sat 00:00-24:00", "sun 00:00-09:00"], "Friday 18:00 to Sunday 09:00"),
        (["mon 13:00-17:00", "mon 09:00-12:00", "wed 09:00-12:00"],
         "Monday and Wednesday 09:00–12:00, Monday 13:00–17:00"),
        (["mon 09:00-24:00"], "Monday 09:00–24:00"),
        ([], "never"),
    ],
)  # fmt: skip
def test_that_hours_are_said_as_people_say_them(spans: list[str], words: str) -> None:
    assert times_of(hours.parse("UTC", spans), MONDAY).words == words


def test_that_without_hours_it_is_always_and_closed_dates_are_told() -> None:
    assert times_of(None, MONDAY).words == ALWAYS
    assert times_of(None, MONDAY).open
    office = hours.parse("Europe/Berlin", ["mon-fri 09:00-17:00"], ["2026-12-25"])
    told = times_of(office, MONDAY + timedelta(hours=10))
    assert (told.open, told.closed) == (True, ["2026-12-25"])
    assert not times_of(office, MONDAY).open


@given(st.lists(SPANS, min_size=1, max_size=5))
def test_that_the_picture_shows_exactly_what_is_open(spans: list[str]) -> None:
    try:
        found = hours.parse("UTC", spans)
    except BadInputError:
        assume(False)
    week = times_of(found, MONDAY).week
    for quarter in range(7 * 24 * 4):
        at = MONDAY + timedelta(minutes=15 * quarter)
        minute = at.hour * 60 + at.minute
        drawn = sum(day == at.weekday() and opens <= minute < closes for day, opens, closes in week)
        assert drawn == found.is_open(at), (at, "drawn once where it is open, else not")
