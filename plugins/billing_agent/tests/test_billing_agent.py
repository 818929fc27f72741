"""The billing agent in its real sandbox, before a small shop."""

import pytest
from hyperpersonal_sdk.testing.sandbox import PluginSandbox
from hyperpersonal_sdk.testing.small_shop import SmallShop

ADA = {"customer_id": "ada"}


@pytest.fixture
def shop(sandbox: PluginSandbox) -> SmallShop:
    made = SmallShop()
    sandbox.tools.update(made.tools)
    return made


def test_that_charges_are_the_shops_own(sandbox: PluginSandbox, shop: SmallShop) -> None:
    reply = sandbox.reply("Why was I charged for #W1000001?", shared=ADA)
    assert "paid $100.00 (your visa ending in 1234)" in reply.text


def test_that_an_invoice_lists_items_and_total(sandbox: PluginSandbox, shop: SmallShop) -> None:
    reply = sandbox.reply("I need the invoice of #W1000001", shared=ADA)
    assert "Desk Lamp $40.00 and Backpack $60.00; $100.00 in all" in reply.text


def test_that_a_gift_card_must_cover_the_order(sandbox: PluginSandbox, shop: SmallShop) -> None:
    reply = sandbox.reply("For #W1000002, change payment to my gift card.", shared=ADA)
    assert "$10.00 left" in reply.text
    assert shop.writes == []


def test_that_a_payment_is_changed_after_a_yes(sandbox: PluginSandbox, shop: SmallShop) -> None:
    shop.customers["ada"]["payment_methods"][1]["balance"]["minor"] = 5000
    asked = sandbox.reply("For #W1000002, change payment to my gift card.", shared=ADA)
    sandbox.reply("yes", state=asked.state, shared=ADA)
    assert shop.writes == [
        (
            "commerce.orders.set_payment",
            {"order_id": "#W1000002", "payment_method_id": "gift_ada"},
        )
    ]


def test_that_a_return_is_declined_for_the_next_agent(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    reply = sandbox.reply("I want to return my lamp", shared=ADA)
    assert reply.status == "declined"
    assert reply.leftover == "I want to return my lamp"
