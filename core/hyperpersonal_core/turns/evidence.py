"""Nothing is told that nothing shows: a reply's numbers, dates, ids and statuses need a source.

Sources are what this turn's tools and knowledge answered, what was recalled, what the shopper
wrote, and earlier lines of the talk (checked when they were sent). What a model generated is no
source. A computed value counts when the agent declares the sum as evidence of kind `procedure`,
for example "20.00 + 34.50 = 54.50" or "2026-11-02 + 30 days = 2026-12-02", and it is right.
The price of some items of one order together, and the difference between an item and a variant of
a product, the engine adds up itself. Counts of listed things, list markers and conditions ("once
it is delivered") need no source.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest
from msgspec import Struct

from hyperpersonal_core.installations.sealed import JournalRow
from hyperpersonal_core.turns.actions import answer_of, but_models

SOURCE_CALLS = frozenset(
    {"tool.call", "knowledge.search", "memory.recall", "http.fetch", "clock.now"}
)
QUOTED_CALLS = frozenset({"knowledge.search", "memory.recall"})
ADDED_ITEMS_MAX = 10

_SEEN = ("text", "messages", "history", "facts", "contact", "now", "tenant_name")

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]*\.?"
_YEAR = r"(?:,?\s+(\d{4}))?"
_DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+{_MONTH}{_YEAR}\b", re.I)
_MONTH_DAY = re.compile(rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}\b", re.I)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MARKER = re.compile(r"^\s*\d{1,2}[.)]\s", re.M)
_TOKEN = re.compile(r"[\w#$€£][\w#$€£.,:/@%+–-]*")
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?")
_UNIT = re.compile(r"(?:%|st|nd|rd|th|x|h|am|pm|s|k|-?(?:day|hour|minute|week|month|year)s?)", re.I)
_SUM = re.compile(r"[\d.,]+(?:\s*[-+*×]\s*[\d.,]+)+\s*=\s*[\d.,]+")
_DATE_SUM = re.compile(r"(\d{4}-\d{2}-\d{2})\s*([-+])\s*(\d+)\s*days?\s*=\s*(\d{4}-\d{2}-\d{2})")

_STEMS = {
    "delivered": ("deliver",),
    "cancelled": ("cancel",),
    "canceled": ("cancel",),
    "refunded": ("refund",),
    "returned": ("return",),
    "exchanged": ("exchange",),
    "shipped": ("ship", "tracking"),
    "processed": ("process",),
    "pending": ("pending",),
}
_EMPHASIS = re.compile(r"[*_`]+")  # an article's marks and line ends; who quotes it leaves them out
_STATUS = re.compile(
    rf"\b(?:is|was|are|were|been|status:?)\s+(?:now\s+|already\s+|still\s+)?({'|'.join(_STEMS)})\b",
    re.I,
)
_CONDITION = re.compile(
    r"\b(?:if|once|when|whenever|until|unless|after|before|whether|only|not|that|which|any|n't)\b"
    r"[^.!?;]*$",
    re.I,
)


class Sources(Struct):
    """All that may be said: numbers, (year, month, day), words; the text of what is known of this
    shopper, and that of the merchant's articles, which may be quoted but tell no order's status."""

    numbers: set[Decimal] = msgspec.field(default_factory=set)
    dates: set[tuple[int, int, int]] = msgspec.field(default_factory=set)
    words: set[str] = msgspec.field(default_factory=set)
    item_prices: set[Decimal] = msgspec.field(default_factory=set)
    variant_prices: set[Decimal] = msgspec.field(default_factory=set)
    text: str = ""
    quoted: str = ""


def unsupported(reply: TurnReply, request: TurnRequest, rows: Iterable[JournalRow]) -> list[str]:
    """The tokens of the reply that nothing shows, in order; empty when it may be sent."""
    text, dates = _take_dates(_MARKER.sub("", reply.text))
    tokens, told = list(_tokens(text)), _STATUS.search(text)
    if not (dates or tokens or told):  # it claims nothing: spare the reading of what is known
        return []
    sources = _sources(request, rows)
    for item in reply.evidence:
        if item.kind == "procedure":
            _add_computed(sources, item.text)
    missing = _unknown_dates(dates, sources)
    missing += [token for token in tokens if not _shown(token, sources)]
    return missing + list(_statuses(text, sources))


def _sources(request: TurnRequest, rows: Iterable[JournalRow]) -> Sources:
    sources = Sources()
    asked = msgspec.to_builtins(request)
    answers = [(row.name, answer_of(row)) for row in but_models(rows) if row.name in SOURCE_CALLS]
    seen = [asked[name] for name in _SEEN] + [a for name, a in answers if name not in QUOTED_CALLS]
    quoted = [asked["passages"]] + [a for name, a in answers if name in QUOTED_CALLS]
    sources.text = _text_of(seen, sources)
    sources.quoted = " ".join(_EMPHASIS.sub("", _text_of(quoted, sources)).split())
    swaps = itertools.product(sources.variant_prices, sources.item_prices)
    sources.numbers |= {abs(new - old) for new, old in swaps}
    return sources


def _text_of(values: list[Any], sources: Sources) -> str:
    parts: list[str] = []
    for value in values:
        _gather(value, sources, parts)
    return " ".join(parts).casefold()


def _gather(value: Any, sources: Sources, parts: list[str]) -> None:
    """Walk JSON: texts, numbers, amounts in minor units, and how many things a list holds."""
    if isinstance(value, str):
        parts.append(value)
        _learn(value, sources)
    elif isinstance(value, dict):
        if isinstance(minor := value.get("minor"), int):
            sources.numbers |= {Decimal(minor) / 100, abs(Decimal(minor)) / 100}
        for key, item in value.items():
            parts.append(key)
            if key in ("items", "variants"):
                _add_prices(key, item, sources)
            if key != "minor":
                _gather(item, sources, parts)
    elif isinstance(value, list):
        sources.numbers.add(Decimal(len(value)))
        for item in value:
            _gather(item, sources, parts)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        sources.numbers.add(Decimal(str(value)))


def _add_prices(key: str, listed: Any, sources: Sources) -> None:
    """What some items of an order cost together; what a product's variants cost."""
    found = [one["price"]["minor"] for one in listed if isinstance(one, dict) and "price" in one]
    prices = [Decimal(minor) / 100 for minor in found]
    if key == "variants":
        sources.variant_prices |= set(prices)
        return
    sources.item_prices |= set(prices)
    sums = {Decimal(0)}
    for price in prices[:ADDED_ITEMS_MAX]:
        sums |= {price + sum_ for sum_ in sums}
    sources.numbers |= sums


def _learn(text: str, sources: Sources) -> None:
    if not any(map(str.isdigit, text)):
        return
    for year, month, day in _ISO.findall(text):
        sources.dates.add((int(year), int(month), int(day)))
    rest, dates = _take_dates(text)
    sources.dates |= {(year, month, day) for _, year, month, day in dates}
    for token in _tokens(rest):
        sources.words.add(token.casefold().lstrip("#$€£"))
        for part in re.split(r"[-–/:]", token):
            if (number := _number(part)) is not None:
                sources.numbers.add(number)


def _tokens(text: str) -> Iterator[str]:
    for token in _TOKEN.findall(text):
        if any(map(str.isdigit, token)):
            yield token.rstrip(".,:/-–+#")


def _number(token: str) -> Decimal | None:
    """`$1,234.50`, `30%`, `3rd`, `30-day` as a number; None for anything else."""
    match = _NUMBER.match(token.lstrip("#$€£+"))
    if match is None:
        return None
    rest = token.lstrip("#$€£+")[match.end() :]
    if rest and not _UNIT.fullmatch(rest):
        return None
    return Decimal(match[0].replace(",", ""))


def _shown(token: str, sources: Sources) -> bool:
    number = _number(token)
    if number is not None and number in sources.numbers:
        return True
    if token.casefold().lstrip("#$€£") in sources.words:
        return True
    if (iso := _ISO.fullmatch(token)) is not None:
        return tuple(map(int, iso.groups())) in sources.dates
    parts = re.split(r"[-–/:]", token)
    return len(parts) > 1 and all(
        not any(c.isdigit() for c in part) or _number(part) in sources.numbers for part in parts
    )


def _take_dates(text: str) -> tuple[str, list[tuple[str, int, int, int]]]:
    """The text without its written-out dates, and those: (as written, year or 0, month, day)."""
    found: list[tuple[str, int, int, int]] = []

    def keep(written: str, day: str, month: str, year: str | None) -> str:
        found.append((written, int(year or 0), _MONTHS.index(month[:3].lower()) + 1, int(day)))
        return " "

    text = _DAY_MONTH.sub(lambda m: keep(m[0], m[1], m[2], m[3]), text)
    return _MONTH_DAY.sub(lambda m: keep(m[0], m[2], m[1], m[3]), text), found


def _unknown_dates(dates: list[tuple[str, int, int, int]], sources: Sources) -> list[str]:
    missing = []
    for written, year, month, day in dates:
        years = {y for y, m, d in sources.dates if (m, d) == (month, day)}
        if not years or (year and years.isdisjoint({year, 0})):
            missing.append(written)
    return missing


def _statuses(text: str, sources: Sources) -> Iterator[str]:
    for match in _STATUS.finditer(text):
        if _CONDITION.search(text[: match.start()]) or match[0].casefold() in sources.quoted:
            continue
        if not any(stem in sources.text for stem in _STEMS[match[1].casefold()]):
            yield match[1]


def _add_computed(sources: Sources, text: str) -> None:
    """Results of right sums over known values."""
    for found in _SUM.finditer(text):
        left, _, right = found[0].partition("=")
        numbers = [_decimal(part) for part in re.findall(r"[\d.,]+", left)]
        result = _decimal(right)
        if result is not None and set(numbers) <= sources.numbers and _total(left) == result:
            sources.numbers.add(result)
    for start, sign, days, end in _DATE_SUM.findall(text):
        try:
            first, last = date.fromisoformat(start), date.fromisoformat(end)
        except ValueError:
            continue
        step = timedelta(days=int(days[:4]) if sign == "+" else -int(days[:4]))
        known = (first.year, first.month, first.day) in sources.dates
        if known and Decimal(days) in sources.numbers and first + step == last:
            sources.dates.add((last.year, last.month, last.day))


def _total(left: str) -> Decimal | None:
    """The value of a chain of + - * from left to right, as people read a till receipt."""
    parts = re.findall(r"[-+*×]|[\d.,]+", left)
    total = _decimal(parts[0])
    for sign, text in zip(parts[1::2], parts[2::2], strict=False):
        number = _decimal(text)
        if total is None or number is None:
            return None
        total = {"+": total + number, "-": total - number}.get(sign, total * number)
    return total


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip().rstrip(".").replace(",", ""))
    except InvalidOperation:
        return None
