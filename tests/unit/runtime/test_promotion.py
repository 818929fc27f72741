"""Promotion changes nothing but the time: same answers, same journals, from the same release."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fakes.plugins import agent
from hyperpersonal_runtime import builder
from hyperpersonal_runtime.builder import Builder
from hyperpersonal_runtime.calls import CallResult, HookCall
from hyperpersonal_runtime.compiled import Compiled
from hyperpersonal_runtime.guest_build import ensure_guest
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.promotion import Promoter, Promotion
from hyperpersonal_runtime.testing import FakePorts, World, default_cache, hook_call
from hyperpersonal_sdk import hpx, manifest
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.testing.small_shop import SmallShop

PLUGINS = Path(__file__).parents[3] / "plugins"
NAMES = os.environ.get("HP_PROMOTION_PLUGINS", "order_agent").split(",")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOT, SECONDS_MAX = 30, 900  # of a build, some 20 s of a core
TURNS = (
    "Where is order #W1000001?",
    "ada@example.com",
    "Cancel order #W1000002 because I no longer need it.",
    "yes please",
    "I want to return the desk lamp of #W1000001 and change my address. What is the policy?",
    "Which backpacks do you have?",
    "no, never mind",
    "My lamp does not turn on.",
    "I want to speak to a person!",
)
PASSAGE = {"id": "psg_1", "article_id": "art_1", "title": "Returns", "text": "30 days.", "score": 1}


def release_call(name: str) -> HookCall:
    folder = PLUGINS / name
    declared = manifest.read((folder / "plugin.toml").read_text())
    call = hook_call(hpx.collect(folder), declared.entry, declared.asked.texts)
    return msgspec.structs.replace(call, hook=declared.hooks[0])


def payloads(hook: str) -> list[dict[str, Any]]:
    if hook == "review_reply":
        texts = ("Your card 4111 1111 1111 1111.", "Order #W1 is on its way.")
        return [{"question": "?", "reply": {"text": text, "evidence": []}} for text in texts]
    if hook == "call_tool":
        ids = ("#W1000001", "nothing")
        return [{"tool": "commerce.orders.get", "arguments": {"order_id": one}} for one in ids]
    known = {"turn_id": "t", "conversation_id": "c", "contact": {"id": "x"}}
    return [{**known, "tenant_name": "T", "channel": "web", "text": text} for text in TURNS]


async def conversation(host: Host, world: World, call: HookCall) -> list[tuple[Any, ...]]:
    """What the plugin said and asked in every turn, in the bytes in which it did."""
    world.tools, world.passages = SmallShop().tools, [PASSAGE]
    world.http = lambda *_: (404, '{"title": "no such order"}')
    seen: list[tuple[Any, ...]] = []
    carried: dict[str, Any] = {}
    for payload in payloads(call.hook):
        data = json.dumps({**payload, **carried}).encode()
        result = await host.call(msgspec.structs.replace(call, payload=data))
        seen.append(witnessed(result))
        if call.hook == "reply" and result.outcome is Outcome.OK:
            answer = json.loads(result.value)
            carried = {"state": answer["state"], "shared": answer["shared"]}
    return seen


def witnessed(result: CallResult) -> tuple[Any, ...]:
    journal = [(e.path, e.name, e.request, e.answer, e.write) for e in result.journal]
    return result.outcome, result.detail, result.value, journal, result.logs


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds stand back for all others; beside the rest of the suite that may last for ever."""
    monkeypatch.setattr(builder, "NICE", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of compiled guests with the shared one in it."""
    shutil.copy(ensure_guest(default_cache()), tmp_path)
    return tmp_path


@pytest.fixture
async def world() -> World:
    return World()


@pytest.fixture
async def host(folder: Path, world: World) -> AsyncIterator[Host]:
    made = Host(
        folder,
        workers=1,
        lanes=4,
        now=lambda: NOON,
        random=bytes,
        promotion=Promotion(calls_min=HOT, half_life_seconds=1e9),  # slow calls count as much
    )
    await made.start(FakePorts(world).ports())
    yield made
    await made.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.timeout(SECONDS_MAX + 60)
async def test_that_a_hot_release_is_promoted_between_two_calls_and_answers_the_same(
    host: Host, folder: Path, world: World, name: str
) -> None:
    call = release_call(name)
    before = await conversation(host, world, call)
    assert not list(folder.glob("promoted-*")), "it was not hot yet"
    data = json.dumps(payloads(call.hook)[0]).encode()
    one = msgspec.structs.replace(call, payload=data)
    wanted = before[0][:3]
    async with asyncio.timeout(SECONDS_MAX):
        while not list(folder.glob("promoted-*")):
            result = await host.call(one)
            assert (result.outcome, result.detail, result.value) == wanted
            building = list(folder.glob("build-*"))
            await asyncio.sleep(0.5 if building else 0.02)  # calls would hold up the build
    assert await host.promote(call.release) == "", "it is there"
    assert await conversation(host, world, call) == before
    assert found_again(folder, call.release.digest), "after a restart too"
    assert not found_again(folder, "sha256:another")
    assert not list(folder.glob("build-*"))


class Fine:
    """Finds nothing against any release."""

    async def loads(self, digest: str, code: str) -> str:
        return ""

    async def agrees(self, digest: str, component: str) -> str:
        return ""


FINE = Fine()


def found_again(folder: Path, digest: str) -> str:
    builder = Builder(find_jail(), folder)
    return Promoter(builder, Compiled(folder), ensure_guest(folder)).find(digest)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("import time\nborn = time.time()", "asks for clock.now"),
        ("import datetime\nborn = datetime.datetime.now()", "asks for clock.now"),
        ("import random\nlucky = random.random()", "asks for random.bytes"),
        ("import uuid\nname = uuid.uuid4()", "asks for random.bytes"),
        ("import wit_world.imports.host as h\nh.call('kv.get', '{}')", "asks for kv.get"),
        ("print('hello')", "writes to the log: info: hello"),
        ("import os\nos.listdir('/')", "FileNotFoundError"),
        ("while True: pass", "ends in timeout"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
async def test_that_a_release_whose_import_may_differ_is_never_frozen(
    host: Host, folder: Path, head: str, why: str
) -> None:
    call = agent("return 'here'", head=head)
    assert why in await host.promote(call.release)
    assert not list(folder.glob("promoted-*"))


@pytest.mark.timeout(SECONDS_MAX + 60)
async def test_that_a_release_that_answers_otherwise_when_frozen_stays_as_it_was(
    host: Host, folder: Path
) -> None:
    words = " ".join(f"word{number}" for number in range(60))
    call = agent(f"return ' '.join(set({words!r}.split()))")  # by the guest's own hash seed
    call = msgspec.structs.replace(call, payload=b'{"text": ""}')
    before = (await host.call(call)).value
    assert await host.promote(call.release) == "its answer is another"
    assert not [*folder.glob("promoted-*"), *folder.glob("trial-*")]
    assert (await host.call(call)).value == before


async def test_that_a_build_that_fails_leaves_the_release_as_it_was(folder: Path) -> None:
    shared = ensure_guest(folder)
    hurried = Promoter(Builder(find_jail(), folder, 0.0), Compiled(folder), shared, Promotion(1))
    assert "longer than" in await hurried.promote("sha256:x", '"entry":"p","modules":{}', FINE)
    assert hurried.find("sha256:x") == ""
    hurried.count("sha256:x", "", FINE)
    await asyncio.sleep(0)
    assert not list(folder.glob("build-*")), "it is not tried again and again"
    await hurried.close()
