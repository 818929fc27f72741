"""The return agent in its real sandbox, before a small shop."""

import pytest
from hyperpersonal_sdk.testing.sandbox import PluginSandbox
from hyperpersonal_sdk.testing.small_shop import SmallShop

ADA = {"customer_id": "ada"}


@pytest.fixture
def shop(sandbox: PluginSandbox) -> SmallShop:
    made = SmallShop()
    sandbox.tools.update(made.tools)
    return made


def test_that_a_return_is_registered_after_a_yes(sandbox: PluginSandbox, shop: SmallShop) -> None:
    asked = sandbox.reply("I want to return the lamp of #W1000001 to my visa", shared=ADA)
    if "payment method" in asked.text:
        asked = sandbox.reply("visa", state=asked.state, shared=ADA)
    assert "$40.00" in asked.text
    assert shop.writes == []
    done = sandbox.reply("yes", state=asked.state, shared=ADA)
    assert shop.writes == [
        (
            "commerce.returns.create",
            {
                "order_id": "#W1000001",
                "item_ids": ["lamp-black"],
                "payment_method_id": "visa_ada",
            },
        )
    ]
    assert "#W1000001" in done.text


def test_that_items_added_before_the_yes_go_in_one_call(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    asked = sandbox.reply("Return #W1000001 via gift_ada: Desk Lamp; use my gift card", shared=ADA)
    more = sandbox.reply("Also return the backpack to my gift card", state=asked.state, shared=ADA)
    assert "Backpack" in more.text
    sandbox.reply("yes", state=more.state, shared=ADA)
    assert [write[1]["item_ids"] for write in shop.writes] == [["lamp-black", "pack-s"]]


def test_that_what_is_not_delivered_cannot_be_returned(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    reply = sandbox.reply("Return everything of order #W1000003", shared=ADA)
    assert "processed" in reply.text
    assert shop.writes == []


def test_that_an_exchange_takes_only_what_is_to_be_had(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    text = "For #W1000001, exchange Desk Lamp {'color': 'black', 'power': 'USB'} to {'color': '%s'}"
    asked = sandbox.reply(text % "red", shared=ADA)
    assert "Which variant" in asked.text
    assert "red" not in asked.text
    plan = sandbox.reply(text % "white" + "; via credit card.", shared=ADA)
    assert "$5.50" in plan.text


def test_that_the_policy_is_quoted_with_its_article(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    passage = {
        "id": "p1", "article_id": "returns", "title": "Returns", "score": 0.6,
        "text": "You can return any item within 30 days. Shipping is free.",
    }  # fmt: skip
    reply = sandbox.reply("How long do I have to return something?", passages=[passage])
    assert "within 30 days" in reply.text
    assert [(item.kind, item.ref) for item in reply.evidence] == [("passage", "returns")]


def test_that_without_an_article_no_rule_is_invented(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    reply = sandbox.reply("What is your policy on gift wrapping?")
    assert reply.status == "handoff"
    assert reply.evidence == []


def test_that_a_refund_nobody_made_is_not_told(sandbox: PluginSandbox, shop: SmallShop) -> None:
    reply = sandbox.reply("Where is my refund for #W1000001?", shared=ADA)
    assert "no refund" in reply.text


def test_that_an_order_is_changed_before_an_exchange_closes_it(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    text = (
        "For #W1000002, change address to 12 Main Street, Boulder, CO, 80301. "
        "For #W1000002, exchange Tea Kettle {'capacity': '1 liter'} to {'capacity': '2 liters'}; "
        "via credit card."
    )
    asked = sandbox.reply(text, shared=ADA)
    sandbox.reply("yes", state=asked.state, shared=ADA)
    assert [tool for tool, _ in shop.writes] == [
        "commerce.orders.set_address",
        "commerce.orders.set_items",
    ]
