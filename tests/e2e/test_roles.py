"""Each role as a process of its own, and a runtime killed in the middle of a turn."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from fakes.roles import RoleProcess, settle
from hyperpersonal_core.api import TurnHistory
from hyperpersonal_core.kit.ids import parse
from hyperpersonal_web.demo.script import MAYA, PRIYA
from hyperpersonal_web.demo.shop_process import STORE
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.demo_shop.admin_client import ShopAdmin
from hyperpersonal_web.demo_shop.faults import Fault
from hyperpersonal_web.wiring import Ground, open_ground

SLOW_SECONDS = 10.0
ANSWER_SECONDS_MAX = 120


class Shopper:
    """One conversation over the gateway's HTTP."""

    def __init__(self, gateway: str, session: dict[str, str]) -> None:
        headers = {"authorization": f"Bearer {session['token']}"}
        self.conversation_id = parse("conversation", session["conversation_id"])
        self._http = httpx.AsyncClient(base_url=gateway, headers=headers, timeout=60)
        self._said = 0

    @classmethod
    async def come(cls, gateway: str, channel_key: str) -> "Shopper":
        async with httpx.AsyncClient(base_url=gateway, timeout=60) as http:
            opened = await http.post("/v1/chat/sessions", json={"channel_key": channel_key})
        return cls(gateway, opened.json())

    async def say(self, text: str) -> None:
        self._said += 1
        body = {"id": f"m{self._said}", "text": text}
        assert (await self._http.post("/v1/chat/messages", json=body)).status_code == 202

    async def answers(self, count: int) -> list[str]:
        """The agents' answers so far, once there are `count`."""
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            while True:
                page = (await self._http.get("/v1/chat/messages", params={"after": 0})).json()
                said = [e["text"] for e in page["events"] if e["source"] == "agent"]
                if len(said) >= count:
                    return said
                await asyncio.sleep(0.2)

    async def leave(self) -> None:
        await self._http.aclose()


@pytest.fixture
def roles(props: Props) -> Iterator[dict[str, RoleProcess]]:
    """Everything is started at once: roles do not wait for each other."""
    names = {"gateway": "gateway", "worker": "worker", "first": "runtime", "second": "runtime"}
    made = {name: RoleProcess(props, role) for name, role in names.items()}
    try:
        for process in made.values():
            process.begin()
        yield made
    finally:
        for process in made.values():
            process.end(signal.SIGTERM)


@pytest.fixture
async def ground(props: Props) -> AsyncIterator[Ground]:
    async with AsyncExitStack() as stack:
        yield await open_ground(stack, props.settings, props.addresses)


@pytest.fixture
async def shop(props: Props) -> AsyncIterator[ShopAdmin]:
    async with ShopAdmin(props.shop.url, props.shop.keys.admin_token) as admin:
        yield admin


def busy(roles: dict[str, RoleProcess], shop_url: str) -> list[RoleProcess]:
    """The runtimes that have a connection to the shop."""
    port = urlsplit(shop_url).port

    def connected(process: RoleProcess) -> bool:
        held = psutil.Process(process.pid).net_connections("tcp")
        return any(c.status == "ESTABLISHED" and c.raddr and c.raddr.port == port for c in held)

    return [roles[name] for name in ("first", "second") if connected(roles[name])]


async def kill_the_busy_one(roles: dict[str, RoleProcess], shop_url: str) -> None:
    (found,) = busy(roles, shop_url)
    await asyncio.to_thread(found.end, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.timeout(500)
async def test_that_roles_hold_conversations_and_survive_a_killed_runtime(
    props: Props, roles: dict[str, RoleProcess], shop: ShopAdmin, ground: Ground
) -> None:
    merchant = await settle(ground, props)
    await asyncio.gather(*(asyncio.to_thread(process.wait) for process in roles.values()))
    gateway = roles["gateway"].told
    async with httpx.AsyncClient(base_url=gateway, timeout=60) as http:
        health = (await http.get("/health")).json()
    assert health["sandbox"] in ("namespaces", "landlock"), "told by the runtimes"

    maya = await Shopper.come(gateway, merchant.channel_key)
    await maya.say(f"Where is my order #W1000001? My e-mail is {MAYA}")
    assert "#W1000001" in (await maya.answers(1))[0]
    await maya.leave()

    priya = await Shopper.come(gateway, merchant.channel_key)
    await priya.say(f"Please cancel order #W1000003, I no longer need it. {PRIYA}")
    assert "Shall I" in (await priya.answers(1))[0]
    while busy(roles, props.shop.url):
        await asyncio.sleep(0.1)  # until the shop hangs up on idle connections
    await shop.plan(Fault("slow", STORE, 1, "/cancel", SLOW_SECONDS))
    await priya.say("yes")
    await shop.met(STORE)  # it is busy with the cancellation
    await kill_the_busy_one(roles, props.shop.url)
    said = await priya.answers(2)
    await asyncio.sleep(1)
    assert await priya.answers(2) == said
    assert "cancelled" in said[1]
    assert [act.tool for act in await shop.acts(STORE)] == ["cancel_pending_order"]
    turns = await TurnHistory(ground.db).of(merchant.tenant_id, priya.conversation_id)
    assert [turn.attempts for turn in turns] == [1, 1]  # by the same worker, in seconds
    await priya.leave()
