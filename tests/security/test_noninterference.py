"""Whatever one tenant is, keeps, says or does, another tenant's trace is the same to the byte.

Two tenants run the same releases on one host, at the same time, in one worker. The first one's day
is always the same; the second one's is drawn at random: its words, facts, articles, configuration,
credentials and grants, and plugins that break everything they can reach. What the first one can
observe (answers, outcomes, words, logs, whole journals, its rows) must not depend on any of it.
Channels by time are not part of this: no clock is compared.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from fakes.publishing import Publisher, manifest, store_manifest
from fakes.site import open_sites
from fakes.street import House, Names, Street, open_street
from hyperpersonal_core.api import Document
from hyperpersonal_core.memory.documents import Section
from hyperpersonal_runtime.api import CallResult
from hyperpersonal_runtime.egress.fetcher import Fetcher
from hyperpersonal_sdk import hpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

INTERLEAVINGS = int(os.environ.get("HP_INTERLEAVINGS", "12"))
SHOP = "shop.example"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

AGENT = """
import json, random, time
from hyperpersonal_sdk.authoring import *

plugin = Agent()
seen = []


def breaks(what):
    seen.append(what)
    json.loads, json.mine, Host.call = None, what, None
    random.seed(1)
    Reply._fields = {}
    while what == "loops": pass
    return [bytearray(1 << 20) for _ in range(1000)]


@plugin.reply
def reply(turn, host):
    what, _, rest = turn.text.partition(" ")
    print(what, len(seen), getattr(json, "mine", None))
    if what in ("breaks", "loops"):
        breaks(what)
    if what == "keeps":
        host.call("kv.put", key=rest[:20] or "k", value=rest)
        host.remember("likes", rest)
    found = {
        "store": host.call("kv.get", key="k").value,
        "keys": host.call("kv.keys").get("keys"),
        "facts": [[fact.key, fact.value] for fact in host.recall("").facts],
        "passages": [passage.text for passage in host.search(rest or "returns", limit=5)],
        "order": to_json(host.tool("commerce.orders.get", order_id=rest[:20])),
        "chance": [random.random(), host.random_hex(4), hash(rest), host.now(), time.time()],
    }
    return Reply(json.dumps(found), state={"last": rest}, shared={"seen": len(seen)})
"""
STORE = """
from hyperpersonal_sdk.authoring import *

plugin = Connector()
calls = []


@plugin.tool("commerce.orders.get")
def get(host, order_id):
    calls.append(order_id)
    who = host.fetch("$SITE/slow" if order_id == "slow" else "$SITE/whoami")
    return {"id": order_id, "status": host.config.get("greeting"), "who": who.body}
"""
ASKS = ("tool:commerce.orders.read", "knowledge:read", "kv:1MiB", "memory:contact.read",
        "memory:contact.write")  # fmt: skip
DAY = ("hello", "keeps blue", "finds returns", "keeps k", "asks slow", "finds k", "bye now")

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
STEPS = st.one_of(
    st.tuples(st.just("says"), st.sampled_from(["", "keeps ", "finds ", "asks "]), WORDS),
    st.tuples(st.just("says"), st.just("breaks"), st.just("")),
    st.tuples(st.just("says"), st.just("loops"), st.just("")),
    st.tuples(st.just("configures"), WORDS, st.just("")),
    st.tuples(st.just("trusts"), st.text("abcdef0123456789", min_size=6, max_size=30), st.just("")),
    st.tuples(st.just("writes"), WORDS, st.just("")),
    st.tuples(st.just("grants"), st.sets(st.sampled_from(ASKS)), st.just("")),
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROWS = """
select 'kv' as kind, key, value from kv union all select 'fact', key, value::text from facts
 order by 1, 2, 3"""


class Tenant:
    """One tenant with an agent and a shop's connector."""

    def __init__(self, house: House, site: str, agent: UUID, store: UUID) -> None:
        self.house, self.site, self.agent, self.store = house, site, agent, store

    async def say(self, text: str) -> CallResult:
        return await self.house.call(self.agent, {"text": text})

    async def does(self, step: tuple[str, Any, str]) -> None:
        """One random step."""
        kind, what, rest = step
        installations = self.house.street.market.installations
        mine = (self.house.tenant_id, self.store)
        if kind == "says":
            await self.say(f"{what}{rest}")
        elif kind == "configures":
            store = await installations.get(*mine)
            await installations.configure(store, {"greeting": what})
        elif kind == "trusts":
            headers = {self.site: {"Authorization": f"Bearer {what}"}}
            await installations.set_secrets(*mine, headers)
        elif kind == "grants":
            agent = await installations.get(self.house.tenant_id, self.agent)
            await installations.grant(agent, sorted(what))
        else:
            article = Document("returns", "Returns", (Section("", what),))
            await self.house.street.mind.knowledge.import_documents(self.house.tenant_id, [article])

    async def day(self) -> list[Any]:
        """Everything this tenant can see of its day, with ids by order of appearance."""
        async with self.house.street.ground.db.transaction(self.house.tenant_id) as connection:
            await connection.execute("delete from kv")
            await connection.execute("delete from facts")
        seen = [observed(await self.say(text)) for text in DAY]
        async with self.house.street.ground.db.transaction(self.house.tenant_id) as connection:
            rows = [tuple(row) for row in await connection.fetch(_ROWS)]
        return numbered([*seen, rows])


def observed(result: CallResult) -> Any:
    """All of a result but its durations."""
    journal = [(entry.path, entry.name, entry.request, entry.request_hash, entry.answer,
                entry.write, entry.cost, entry.started_at) for entry in result.journal]  # fmt: skip
    return result.outcome, result.value, result.detail, result.logs, journal


def numbered(trace: list[Any]) -> list[Any]:
    """Ids differ from day to day and say nothing; the order in which they come does."""
    known: dict[str, str] = {}
    text = msgspec.json.encode(trace).decode()
    return msgspec.json.decode(_UUID.sub(lambda m: known.setdefault(m[0], f"#{len(known)}"), text))


class Stage:
    """Both tenants, and the first one's day as it is when nobody else is there."""

    def __init__(self, first: Tenant, second: Tenant, alone: list[Any]) -> None:
        self.first, self.second, self.alone = first, second, alone

    async def together(self, steps: list[tuple[str, Any, str]]) -> list[Any]:
        """The first one's day while the second one does these steps."""

        async def other() -> None:
            for step in steps:
                await self.second.does(step)

        day, _ = await asyncio.gather(self.first.day(), other())
        return day


@asynccontextmanager
async def open_stage(dsn: str, nats_url: str, folder: Path) -> AsyncIterator[Stage]:
    with open_sites() as (site, _):
        fetcher = Fetcher(private_hosts=[SHOP], resolve=Names({SHOP: ["127.0.0.1"]}).resolve)
        chance = {"now": lambda: NOW, "random": lambda n: bytes(range(n % 256)) or b"\0"}
        async with open_street(dsn, nats_url, folder, fetcher=fetcher, **chance) as street:
            url = f"http://{SHOP}:{site.port}"
            await publish(street, url)
            first, second = (
                await move_in(street, "first", url),
                await move_in(street, "second", url),
            )
            await first.does(("writes", "Returns are free for 30 days.", ""))
            alone = await first.day()
            assert [seen[0] for seen in alone[:-1]] == ["ok"] * len(DAY), alone
            yield Stage(first, second, alone)


async def publish(street: Street, url: str) -> None:
    acme = Publisher(1)
    await street.market.registry.create_namespace("acme", acme.public)
    for text, source in (
        (manifest("acme/agent", asks=ASKS), AGENT),
        (store_manifest("acme/store", url), STORE.replace("$SITE", url)),
    ):
        files = {"plugin.toml": text.encode(), "hello.py": source.encode()}
        await street.publish(acme, hpx.pack(files))


async def move_in(street: Street, slug: str, url: str) -> Tenant:
    house = await street.house(slug)
    agent = await house.install("acme/agent", ASKS)
    secrets = {url: {"Authorization": f"Bearer secret-of-{slug}"}}
    config = {"greeting": f"from {slug}"}
    store = await house.install("acme/store", [f"http:GET {url}/*"], config, secrets)
    return Tenant(house, url, agent, store)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def stage(
    runner: asyncio.Runner,
    databases: Any,
    nats_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    dsn = runner.run(databases.take())
    opened = open_stage(dsn, nats_url, tmp_path_factory.mktemp("stage"))
    yield runner.run(opened.__aenter__())
    runner.run(opened.__aexit__(None, None, None))
    runner.run(databases.give_back(dsn))


@given(st.lists(STEPS, min_size=1, max_size=8))
@settings(
    max_examples=INTERLEAVINGS,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_that_no_tenants_trace_depends_on_another(
    runner: asyncio.Runner, stage: Stage, steps: list[tuple[str, Any, str]]
) -> None:
    assert runner.run(stage.together(steps)) == stage.alone


def test_that_the_trace_would_tell(runner: asyncio.Runner, stage: Stage) -> None:
    """The same steps by the tenant itself change its day: the comparison is not blind."""
    for step in (
        ("configures", "new", ""),
        ("writes", "No returns.", ""),
        ("grants", ASKS[:1], ""),
    ):
        runner.run(stage.first.does(step))
        assert runner.run(stage.first.day()) != stage.alone, step
        for back in (("configures", "from first", ""), ("grants", set(ASKS), ""),
                     ("writes", "Returns are free for 30 days.", "")):  # fmt: skip
            runner.run(stage.first.does(back))
    assert runner.run(stage.first.day()) == stage.alone
