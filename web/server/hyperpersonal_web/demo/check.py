"""Holds the demo's conversations over the real WebSocket and looks at what came of them."""

import os
import signal
from typing import Any
from uuid import uuid4

import httpx
import msgspec
from hyperpersonal_core.kit.ids import parse

from hyperpersonal_web.client import ChatConnection
from hyperpersonal_web.demo.script import SCENES, Ended, Scene
from hyperpersonal_web.demo.shop_process import STORE
from hyperpersonal_web.demo.stage import Stage
from hyperpersonal_web.demo_shop.admin_client import ShopAdmin
from hyperpersonal_web.demo_shop.faults import Fault

ANSWER_SECONDS_MAX = 45.0
DATASET = "demo"
SLOW_SECONDS = 5.0


class Verdict(msgspec.Struct, frozen=True):
    """A scene and what was found. `failed`: the expectations that did not hold, in words."""

    scene: Scene
    said: list[tuple[str, str]]
    ended: Ended
    failed: list[str]


class Check:
    """Plays every scene on a running stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._shop = ShopAdmin(stage.shop.url, stage.shop.keys.admin_token)
        self._http = httpx.AsyncClient(base_url=stage.url, timeout=30)

    async def prepare(self) -> None:
        """Give the shop the state the scenes expect."""
        await self._shop.make(STORE, DATASET)
        await self._shop.clear_faults(STORE)

    async def play(self, scene: Scene) -> Verdict:
        """One scene, from its first message to what is left of it."""
        before = len(await self._shop.acts(STORE))
        session = await self._open()
        chat = await ChatConnection.open(self._stage.url, session["token"])
        said: list[tuple[str, str]] = []
        for number, text in enumerate(scene.says):
            last = number == len(scene.says) - 1
            said.append(("shopper", text))
            answers = await self._say(chat, text, scene.trouble if last else "")
            said += [("answer", answer) for answer in answers]
        ended = await self._ended(session, before)
        await chat.close()
        failed = [one.words for one in scene.expects if not _holds(one.holds, ended)]
        return Verdict(scene, said, ended, failed)

    async def close(self) -> None:
        """Hang up."""
        await self._shop.__aexit__(None, None, None)
        await self._http.aclose()

    async def _open(self) -> dict[str, Any]:
        body = {"channel_key": self._stage.merchant.channel_key}
        opened = await self._http.post("/v1/chat/sessions", json=body)
        opened.raise_for_status()
        return dict(opened.json())

    async def _say(self, chat: ChatConnection, text: str, trouble: str) -> list[str]:
        message_id = str(uuid4())
        if trouble == "kill":
            await self._shop.plan(Fault("slow", STORE, 1, "/cancel", SLOW_SECONDS))
        await chat.say(text, message_id)
        if trouble == "twice":
            assert (await chat.say(text, message_id))["fresh"] is False
        if trouble == "kill":
            await self._shop.met(STORE)
            for pid in self._stage.engine.host.worker_pids:
                os.kill(pid, signal.SIGKILL)
        return await self._answers(chat)

    async def _answers(self, chat: ChatConnection) -> list[str]:
        """What comes until the platform has spoken, and for a moment after."""
        answers: list[str] = []
        seconds = ANSWER_SECONDS_MAX
        while True:
            try:
                frame = await chat.next("events", seconds=seconds)
            except TimeoutError:
                return answers
            spoken = [event for event in frame["events"] if event["source"] != "contact"]
            answers += [event["text"] for event in spoken]
            seconds = 0.4 if answers else seconds

    async def _ended(self, session: dict[str, Any], before: int) -> Ended:
        headers = {"authorization": f"Bearer {self._stage.merchant.member_key}"}
        path = f"/v1/staff/conversations/{session['conversation_id']}"
        found = (await self._http.get(path, headers=headers)).json()
        acts = (await self._shop.acts(STORE))[before:]
        parse("conversation", session["conversation_id"])
        return Ended(
            replies=[e["text"] for e in found["events"] if _is_answer(e)],
            turns=found["turns"],
            conversation=found["conversation"],
            handoff=found["handoff"],
            events=found["events"],
            acts=msgspec.to_builtins(acts),
        )


def _is_answer(event: dict[str, Any]) -> bool:
    return (event["source"], event["kind"]) == ("agent", "message")


def _holds(expectation: Any, ended: Ended) -> bool:
    try:
        return bool(expectation(ended))
    except (KeyError, IndexError, TypeError):
        return False


async def check(stage: Stage, told: Any) -> list[Verdict]:
    """Every scene in order; `told` hears each verdict as it falls."""
    playing = Check(stage)
    verdicts = []
    try:
        await playing.prepare()
        for scene in SCENES:
            verdict = await playing.play(scene)
            told(verdict)
            verdicts.append(verdict)
    finally:
        await playing.close()
    return verdicts
