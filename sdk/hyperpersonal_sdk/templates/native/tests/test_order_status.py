from hyperpersonal_sdk.testing.sandbox import PluginSandbox


def test_that_a_status_comes_from_the_shop(sandbox: PluginSandbox) -> None:
    sandbox.tools["commerce.orders.get"] = {"id": "#W1234567", "status": "delivered"}
    reply = sandbox.reply("Where is my order #W1234567?")
    assert reply.text == "Order #W1234567 is delivered."
    assert reply.evidence[0].ref == "commerce.orders.get#W1234567"
    assert sandbox.world.tool_calls[0][1] == {"order_id": "#W1234567"}


def test_that_a_missing_number_is_asked_for(sandbox: PluginSandbox) -> None:
    reply = sandbox.reply("Where is my order?")
    assert reply.status == "asking"
    assert sandbox.world.tool_calls == []


def test_a_recorded_turn(sandbox: PluginSandbox) -> None:
    sandbox.replay("delivered")
