"""Search over ten thousand listings."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from hyperpersonal_core.api import StaticEmbedder
from hyperpersonal_marketplace.api import Card, Index, Query

from hyperpersonal_web.bench.samples import sampled

LISTINGS = 10_000
_THINGS = """orders returns parcels sizes gifts invoices points warranties stores deliveries
exchanges vouchers subscriptions coupons stock reviews loyalty taxes""".split()
_VERBS = """tracks explains finds counts translates estimates compares checks answers collects
summarises reminds""".split()
_STYLES = "quick kind plain careful friendly small bright steady honest clever".split()
_KINDS = ("agent", "agent", "agent", "connector", "guard", "channel", "model")
_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pl")
_ASKED = """where is my parcel|return an item|which size|gift card balance|invoice copy|points
|warranty of a lamp|opening hours|delivery to france|exchange shoes|voucher|parsel trakking
|a model that summarises|guard for prices|connect a shop""".replace("\n", "").split("|")


def bench_search(samples: int, listings: int = LISTINGS) -> dict[str, float]:
    """Full text and meaning and every facet, over this many listings."""
    embed = StaticEmbedder().embed
    started, cpu = time.perf_counter(), time.process_time()
    index = Index(_cards(listings), embed)
    built = (time.perf_counter() - started, time.process_time() - cpu)
    found = sampled(samples, _searches(index))
    return {
        "search_ms_p50": found.p50,
        "search_ms_p95": found.p95,
        "search_cpu_ms": found.cpu,
        "search_index_s": built[0],
        "search_index_cpu_s": built[1],
        "search_listings": listings,
    }


def _searches(index: Index) -> Iterator[float]:
    """What merchants type, narrowed by a facet every second time; yields ms."""
    chance = random.Random(3)
    while True:
        where: dict[str, Sequence[str]] = {"language": [chance.choice(_LANGUAGES)]}
        query = Query(chance.choice(_ASKED), where if chance.random() < 0.5 else {})
        started = time.perf_counter()
        index.search(query)
        yield (time.perf_counter() - started) * 1000


def _cards(count: int) -> list[Card]:
    chance = random.Random(5)
    return [_card(number, chance) for number in range(count)]


def _card(number: int, chance: random.Random) -> Card:
    thing, verb, style = (chance.choice(words) for words in (_THINGS, _VERBS, _STYLES))
    kind = chance.choice(_KINDS)
    more = " ".join(chance.choices(_THINGS + _VERBS + _STYLES, k=20))
    return Card(
        f"house{number % 700}/{style}_{thing}_{number}",
        "1.0.0",
        kind,
        f"{style} {thing}".title(),
        f"{verb.capitalize()} {thing} for shoppers.",
        f"A {style} plugin that {verb} {thing}. {more}.",
        "orders",
        datetime(2026, 11, 22, tzinfo=UTC),
        tuple(chance.sample(_LANGUAGES, 2)),
        (f"{thing}.{verb}",) if kind == "connector" else (),
        (chance.choice(("free", "monthly", "per_call")),),
        (thing, verb),
    )
