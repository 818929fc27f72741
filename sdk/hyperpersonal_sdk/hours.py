"""Opening hours: spans of a week by the clock on the wall of one place.

Rules:
1. A moment is open when the wall clock of the zone stands within a span. An hour that summer time
   skips is never shown, so never open; one that it repeats is open both times.
2. A span may pass midnight: `fri 22:00-02:00` ends on Saturday. `24:00` is the end of a day.
3. A closed date begins no span, and takes its part of one that began the evening before.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from hyperpersonal_sdk.errors import BadInputError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
AHEAD_DAYS_MAX = 35
_TICK_MIN = 15  # every change of a zone's offset falls on a quarter of an hour (tz database)
_DAY = f"(?:{'|'.join(DAYS)})"
_TIME = "([01][0-9]|2[0-4]):([0-5][0-9])"
SPAN = f"({_DAY})(?:-({_DAY}))? {_TIME}-{_TIME}"
_SPAN = re.compile(SPAN)


class Span(Struct, frozen=True, order=True):
    """Minutes of one weekday (0 is Monday), from `opens` until before `closes` (at most 1,440)."""

    day: int
    opens: int
    closes: int


class Hours(Struct, frozen=True):
    """When somebody is there. `zone`: of the tz database; `closed`: dates of nobody, ISO 8601."""

    zone: str
    spans: tuple[Span, ...]
    closed: tuple[str, ...] = ()

    def is_open(self, at: datetime) -> bool:
        """Whether this instant (aware) is within."""
        return self._holds(at.astimezone(UTC).astimezone(ZoneInfo(self.zone)))

    def opens_at(self, at: datetime) -> datetime | None:
        """The first open minute from `at` on, in UTC; None when there is none for 35 days."""
        zone = ZoneInfo(self.zone)
        tick = at.astimezone(UTC)
        for _ in range(AHEAD_DAYS_MAX * DAY_MINUTES // _TICK_MIN):
            local = tick.astimezone(zone)
            if self._holds(local):
                return tick
            ahead = _TICK_MIN - local.minute % _TICK_MIN
            begins = self._begins_within(local, ahead)
            if begins:
                return tick.replace(second=0, microsecond=0) + timedelta(minutes=begins)
            tick = tick.replace(second=0, microsecond=0) + timedelta(minutes=ahead)
        return None

    def words(self, opens: datetime, now: datetime) -> str:
        """That instant as people of the place say it: `tomorrow at 09:00 (Europe/Berlin)`."""
        zone = ZoneInfo(self.zone)
        then, today = opens.astimezone(zone), now.astimezone(zone).date()
        days = (then.date() - today).days
        if days < 2:
            day = ("today", "tomorrow")[max(days, 0)]
        else:
            day = f"on {then:%A}" if days < 7 else f"on {then.day} {then:%B}"
        return f"{day} at {then:%H:%M} ({self.zone})"

    def _holds(self, local: datetime) -> bool:
        if local.date().isoformat() in self.closed:
            return False
        minute = local.hour * 60 + local.minute
        return any(
            span.day == local.weekday() and span.opens <= minute < span.closes
            for span in self.spans
        )

    def _begins_within(self, local: datetime, minutes: int) -> int:
        """In how many minutes (under `minutes`) a span begins; 0: none does."""
        if local.date().isoformat() in self.closed:
            return 0
        minute = local.hour * 60 + local.minute
        begins = [span.opens - minute for span in self.spans if span.day == local.weekday()]
        return min((ahead for ahead in begins if 0 < ahead < minutes), default=0)


def parse(zone: str, spans: Iterable[str], closed: Iterable[str] = ()) -> Hours:
    """The hours of texts such as `mon-fri 09:00-17:30`.

    Raises:
        BadInputError: says which text is wrong and shows a right one.
    """
    parts = [part for text in spans for part in _spans(text)]
    return Hours(_zone(zone), tuple(sorted(set(parts))), tuple(sorted(map(_date, closed))))


def _spans(text: str) -> list[Span]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise BadInputError(f"{text!r} are no hours; write them like 'mon-fri 09:00-17:30'")
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    opens, closes = (int(found[n]) * 60 + int(found[n + 1]) for n in (3, 5))
    if max(opens, closes) > DAY_MINUTES or opens in (closes, DAY_MINUTES):
        raise BadInputError(f"{text!r}: a day ends at 24:00, and a span does not end as it begins")
    days = [(first + n) % 7 for n in range((last - first) % 7 + 1)]
    if opens < closes:
        return [Span(day, opens, closes) for day in days]
    late = [Span(day, opens, DAY_MINUTES) for day in days]
    return [*late, *(Span((day + 1) % 7, 0, closes) for day in days if closes)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInputError(f"{name!r} is no time zone; write one like 'Europe/Berlin'") from error
    return name


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise BadInputError(f"{text!r} is no date; write it like '2026-12-25'") from error
