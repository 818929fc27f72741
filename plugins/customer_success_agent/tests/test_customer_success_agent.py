"""The customer care agent in its real sandbox, before a small shop."""

import pytest
from hyperpersonal_sdk.testing.sandbox import PluginSandbox
from hyperpersonal_sdk.testing.small_shop import SmallShop

ADA = {"customer_id": "ada"}


@pytest.fixture
def shop(sandbox: PluginSandbox) -> SmallShop:
    made = SmallShop()
    sandbox.tools.update(made.tools)
    return made


@pytest.mark.parametrize(
    "text", ["Are you a robot?", "who are you", "am I talking to a human? are you a real person"]
)
def test_that_it_says_that_it_is_an_ai(sandbox: PluginSandbox, shop: SmallShop, text: str) -> None:
    assert "AI" in sandbox.reply(text).text


@pytest.mark.parametrize("text", ["hello", "thank you so much!", "bye", "tell me a joke"])
def test_that_small_talk_is_answered(sandbox: PluginSandbox, shop: SmallShop, text: str) -> None:
    reply = sandbox.reply(text)
    assert reply.status == "done"
    assert reply.text


def test_that_the_default_address_is_set_after_a_yes(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    text = "Change my default address to 12 Main Street, Suite 4, Boulder, CO, 80301"
    asked = sandbox.reply(text, shared=ADA)
    assert "12 Main Street, Suite 4, Boulder, CO, 80301" in asked.text
    assert shop.writes == []
    sandbox.reply("yes", state=asked.state, shared=ADA)
    assert shop.writes[0][1]["address"]["city"] == "Boulder"


def test_that_a_question_without_an_article_goes_to_a_person(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    asked = sandbox.reply("I forgot my password")
    assert asked.status == "asking"
    reply = sandbox.reply("I forgot my password", state=asked.state, shared=asked.shared)
    assert reply.status == "handoff"
    assert reply.handoff is not None
    assert reply.handoff.goal == "I forgot my password"
