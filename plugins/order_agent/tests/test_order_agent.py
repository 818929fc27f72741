"""The order agent in its real sandbox, before a small shop."""

import pytest
from hyperpersonal_sdk.testing.sandbox import PluginSandbox
from hyperpersonal_sdk.testing.small_shop import SmallShop

ADA = {"customer_id": "ada"}


@pytest.fixture
def shop(sandbox: PluginSandbox) -> SmallShop:
    made = SmallShop()
    sandbox.tools.update(made.tools)
    return made


def test_that_status_names_the_parcel_and_its_evidence(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    reply = sandbox.reply("Where is order #W1000001?", shared=ADA)
    assert "delivered" in reply.text
    assert "55512345" in reply.text
    assert [item.ref for item in reply.evidence] == ["commerce.orders.get##W1000001"]


def test_that_nothing_private_is_told_before_the_contact_is_known(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    asked = sandbox.reply("Where is order #W1000001?")
    assert asked.status == "asking"
    assert "e-mail" in asked.text
    assert sandbox.world.tool_calls == []
    known = sandbox.reply("ada@example.com", state=asked.state)
    assert known.shared == ADA
    assert "delivered" in known.text


def test_that_another_customers_order_is_as_good_as_none(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    reply = sandbox.reply("Where is order #W1000004?", shared=ADA)
    assert reply.status == "asking"
    assert "cannot find #W1000004" in reply.text


def test_that_a_cancellation_waits_for_a_yes(sandbox: PluginSandbox, shop: SmallShop) -> None:
    text = "Cancel order #W1000002 because I no longer need it."
    asked = sandbox.reply(text, shared=ADA)
    assert asked.status == "asking"
    assert "$30.00" in asked.text
    assert shop.writes == []
    done = sandbox.reply("yes please", state=asked.state, shared=ADA)
    assert done.status == "done"
    assert shop.writes == [
        ("commerce.orders.cancel", {"order_id": "#W1000002", "reason": "no longer needed"})
    ]


def test_that_a_no_leaves_the_order_as_it_is(sandbox: PluginSandbox, shop: SmallShop) -> None:
    asked = sandbox.reply("Cancel order #W1000002, ordered by mistake.", shared=ADA)
    stopped = sandbox.reply("no, wait", state=asked.state, shared=ADA)
    assert stopped.status == "done"
    assert shop.writes == []


def test_that_only_a_pending_order_is_cancelled(sandbox: PluginSandbox, shop: SmallShop) -> None:
    reply = sandbox.reply("Cancel order #W1000003, no longer needed.", shared=ADA)
    assert "processed" in reply.text
    assert reply.status == "done"
    assert shop.writes == []


def test_that_what_is_anothers_is_left_over(sandbox: PluginSandbox, shop: SmallShop) -> None:
    text = "Cancel order #W1000002, no longer needed. Return #W1000001 via visa: Desk Lamp;"
    asked = sandbox.reply(text, shared=ADA)
    assert asked.leftover == ""
    done = sandbox.reply("yes", state=asked.state, shared=ADA)
    assert done.leftover == "Return #W1000001 via visa: Desk Lamp;"


def test_that_a_changed_item_is_asked_for_by_variant(
    sandbox: PluginSandbox, shop: SmallShop
) -> None:
    asked = sandbox.reply("Change the kettle in #W1000002 to a bigger one", shared=ADA)
    assert "Which variant of the Tea Kettle" in asked.text
    plan = sandbox.reply("2 liters", state=asked.state, shared=ADA)
    assert "payment method" in plan.text
    plan = sandbox.reply("the gift card", state=plan.state, shared=ADA)
    assert "$5.00" in plan.text
    sandbox.reply("yes", state=plan.state, shared=ADA)
    assert shop.writes[0][1]["new_item_ids"] == ["kettle-2"]
    assert shop.writes[0][1]["payment_method_id"] == "gift_ada"


def test_that_a_silent_shop_brings_a_person_with_a_full_packet(sandbox: PluginSandbox) -> None:
    reply = sandbox.reply("Where is order #W1000001?", shared=ADA)
    assert reply.status == "handoff"
    assert reply.handoff is not None
    assert reply.handoff.reason == "failed"
    assert "#W1000001" in reply.handoff.goal
