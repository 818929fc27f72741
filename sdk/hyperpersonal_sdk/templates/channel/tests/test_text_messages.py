import json
from typing import Any

import pytest
from hyperpersonal_sdk.testing.sandbox import HookFailedError, PluginSandbox

WORD = "a-word-of-the-gateway"
MESSAGE = {"kind": "message", "id": "m1", "from": "+15550100", "text": "Where is my order?"}


@pytest.fixture
def channel(sandbox: PluginSandbox) -> PluginSandbox:
    sandbox.answer("install", {"installation_id": "i", "config": {"gateway_word": WORD}})
    return sandbox


def parsed(channel: PluginSandbox, body: dict[str, Any], word: str = WORD) -> Any:
    request = {"method": "POST", "path": "/", "headers": {"x-gateway-word": word}}
    return json.loads(channel.answer("parse_inbound", {**request, "body": json.dumps(body)}))


def test_that_a_message_comes_in(channel: PluginSandbox) -> None:
    message = parsed(channel, MESSAGE)
    assert (message["external_id"], message["text"]) == ("m1", "Where is my order?")
    assert message["contact_ref"] == message["conversation_ref"] == "+15550100"


def test_that_a_receipt_is_no_message(channel: PluginSandbox) -> None:
    assert parsed(channel, {"kind": "receipt", "id": "m1"}) is None


@pytest.mark.parametrize("word", ["", "another-word-altogether"])
def test_that_a_stranger_is_refused(channel: PluginSandbox, word: str) -> None:
    with pytest.raises(HookFailedError, match="not the gateway"):
        parsed(channel, MESSAGE, word)


def test_that_a_reply_goes_out_with_its_id(channel: PluginSandbox) -> None:
    sent: list[tuple[str, str, dict[str, str], str]] = []

    def gateway(*asked: Any) -> tuple[int, str]:
        sent.append(asked)
        return 202, ""

    channel.world.http = gateway
    out = {"id": "r1", "conversation_ref": "+15550100", "text": "It is on its way."}
    assert json.loads(channel.answer("deliver", out)) == {"status": "queued"}
    ((method, url, headers, body),) = sent
    assert (method, url) == ("POST", "https://gateway.sms.example/v1/messages")
    assert headers["idempotency-key"] == "r1"
    assert json.loads(body)["to"] == "+15550100"


def test_that_a_failure_is_told(channel: PluginSandbox) -> None:
    channel.world.http = lambda *_: (503, "")
    out = {"id": "r1", "conversation_ref": "+15550100", "text": "It is on its way."}
    assert json.loads(channel.answer("deliver", out))["status"] == "failed"


def test_a_recorded_message(sandbox: PluginSandbox) -> None:
    sandbox.replay("a_message")
