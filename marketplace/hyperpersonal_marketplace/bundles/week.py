"""Opening hours as a merchant reads them: in words, and as a week to draw. Pure."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from hyperpersonal_sdk.hours import DAY_MINUTES, Hours, Span
from msgspec import Struct

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEK_MINUTES = 7 * DAY_MINUTES
ALWAYS = "around the clock"
_Stretch = tuple[int, int]  # minutes from Monday 00:00; an end may lie in the next week


class Times(Struct, frozen=True):
    """When somebody is there.

    Args:
        words: `Monday to Friday 08:00-20:00, Saturday 10:00-14:00`.
        week: what is open of a usual week: weekday (0 is Monday), from minute, until before minute.
        open: whether this moment is within.
        closed: dates of nobody, ISO 8601.
    """

    words: str
    week: list[tuple[int, int, int]]
    open: bool
    closed: list[str] = []


def times_of(hours: Hours | None, at: datetime) -> Times:
    """The hours (None: always) as they are at an instant (aware)."""
    if hours is None:
        return Times(ALWAYS, [(day, 0, DAY_MINUTES) for day in range(7)], open=True)
    merged = _merged(hours.spans)
    week = [(s.day, s.opens, s.closes) for s in merged]
    return Times(_words(merged), week, open=hours.is_open(at), closed=list(hours.closed))


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Without overlaps, each within its day."""
    merged: list[Span] = []
    for span in sorted(spans):
        last = merged[-1] if merged else None
        if last and last.day == span.day and span.opens <= last.closes:
            merged[-1] = Span(last.day, last.opens, max(last.closes, span.closes))
        else:
            merged.append(span)
    return merged


def _words(spans: list[Span]) -> str:
    stretches = _stretches(spans)
    if not stretches:
        return "never"
    if stretches == [(0, WEEK_MINUTES)]:
        return ALWAYS
    short = [one for one in stretches if one[1] - one[0] < DAY_MINUTES]
    long = [one for one in stretches if one[1] - one[0] >= DAY_MINUTES]
    alike: dict[_Stretch, list[int]] = {}
    for start, end in short:
        alike.setdefault((start % DAY_MINUTES, end % DAY_MINUTES), []).append(start // DAY_MINUTES)
    said = [(days[0] * DAY_MINUTES + when[0], f"{_days(days)} {_clock(*when)}")
            for when, days in alike.items()]  # fmt: skip
    said += [(start, _long(start, end)) for start, end in long]
    return ", ".join(words for _, words in sorted(said))


def _stretches(spans: list[Span]) -> list[_Stretch]:
    """Open stretches of the week; what goes on past midnight is one."""
    found: list[_Stretch] = []
    for span in spans:
        start, end = span.day * DAY_MINUTES + span.opens, span.day * DAY_MINUTES + span.closes
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    if len(found) > 1 and found[0][0] == 0 and found[-1][1] == WEEK_MINUTES:
        first = found.pop(0)
        found[-1] = (found[-1][0], WEEK_MINUTES + first[1])
    return found


def _long(start: int, end: int) -> str:
    """A day or more at a stretch."""
    first, last = DAYS[start // DAY_MINUTES], DAYS[(end - 1) // DAY_MINUTES % 7]
    if start % DAY_MINUTES == 0 and end % DAY_MINUTES == 0:
        return f"all {first}" if first == last else f"all {first} to {last}"
    return f"{first} {_time(start)} to {DAYS[end // DAY_MINUTES % 7]} {_time(end)}"


def _days(days: list[int]) -> str:
    """`Monday to Friday and Sunday`."""
    runs = [[day for _, day in run] for _, run in groupby(enumerate(days), lambda p: p[1] - p[0])]
    words = []
    for run in runs:
        if len(run) > 2:
            words.append(f"{DAYS[run[0]]} to {DAYS[run[-1]]}")
        else:
            words += [DAYS[day] for day in run]
    if len(days) == len(DAYS):
        return "every day"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _clock(opens: int, closes: int) -> str:
    return f"{_time(opens)}–{_time(closes) if closes else '24:00'}"


def _time(minute: int) -> str:
    return f"{minute % DAY_MINUTES // 60:02}:{minute % 60:02}"
