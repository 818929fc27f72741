"""The product agent in its real sandbox, before a small shop."""

import pytest
from hyperpersonal_sdk.testing.sandbox import PluginSandbox
from hyperpersonal_sdk.testing.small_shop import SmallShop


@pytest.fixture
def shop(sandbox: PluginSandbox) -> SmallShop:
    made = SmallShop()
    sandbox.tools.update(made.tools)
    return made


def test_that_options_come_from_the_catalogue(sandbox: PluginSandbox, shop: SmallShop) -> None:
    reply = sandbox.reply("Which colours does the desk lamp come in?")
    assert "black or white" in reply.text
    assert "red" not in reply.text
    assert reply.evidence[0].ref.startswith("commerce.products.search")


def test_that_what_is_sold_out_is_said(sandbox: PluginSandbox, shop: SmallShop) -> None:
    reply = sandbox.reply("Is the desk lamp available in red?")
    assert "not in stock" in reply.text


def test_that_the_price_is_the_variants(sandbox: PluginSandbox, shop: SmallShop) -> None:
    reply = sandbox.reply("How much is the large backpack?")
    assert "$80.00" in reply.text
    assert "$60.00" not in reply.text


def test_that_what_no_data_tells_goes_to_a_person(sandbox: PluginSandbox, shop: SmallShop) -> None:
    reply = sandbox.reply("Does the backpack smell of rubber?")
    assert reply.status == "handoff"
