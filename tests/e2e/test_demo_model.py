"""The demo with a language model: the assistant answers open questions, and only with a source."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fakes.models import stub
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_sdk.contract.models import GenerateAsk
from hyperpersonal_web.client import ChatConnection
from hyperpersonal_web.demo.model import DemoModel
from hyperpersonal_web.demo.stage import Props, Stage, open_stage
from hyperpersonal_web.model_stub.script import Said, words

OPEN_QUESTION = "I cannot decide between two of your products, what would you recommend to a hiker?"


def says_with_source(ask: GenerateAsk) -> Said:
    """Words that the first source shows; none without one."""
    sources = json.loads(ask.messages[-1].text)["sources"]
    return Said(words("Come in and ask us. See you!\nSources: s1" if sources else "NO_ANSWER"))


@pytest.fixture
def props(folder: Path) -> Iterator[Props]:
    """The demo's servers; the model is told once its service runs."""
    made = Props(Settings(data_dir=folder, port=0), lambda *_: None)
    try:
        made.start()
        yield made
    finally:
        made.stop()


async def _ask(stage: Stage, text: str) -> dict[str, object]:
    async with httpx.AsyncClient(base_url=stage.url, timeout=60) as http:
        opened = await http.post(
            "/v1/chat/sessions", json={"channel_key": stage.merchant.channel_key}
        )
    chat = await ChatConnection.open(stage.url, opened.json()["token"])
    await chat.say(text)
    while True:
        frame = await chat.next("events")
        for event in frame["events"]:
            if event["source"] != "contact":
                await chat.close()
                return dict(event)


@pytest.mark.timeout(500)
async def test_that_the_demo_answers_open_questions_with_a_model_and_others_without(
    props: Props,
) -> None:
    async with stub(says_with_source, key="k-123456") as (service, port):
        base = f"http://127.0.0.1:{port}/v1"
        props.model = DemoModel("openai", "stub-1", base, "k-123456")
        async with open_stage(props, lambda *_: None) as stage:
            said = await _ask(stage, OPEN_QUESTION)
            assert said["text"] == "Come in and ask us. See you!"
            assert {ask.model for ask in service.asks} == {"stub-1"}
            asked = len(service.asks)
            order = await _ask(stage, "Where is my order #W1000001? maya.lindqvist@example.com")
            assert "#W1000001" in str(order["text"])
            assert len(service.asks) == asked  # orders are no business of the model
    props.model = None
    async with open_stage(props, lambda *_: None) as stage:
        said = await _ask(stage, OPEN_QUESTION)
        assert said["text"] != "Come in and ask us. See you!"
