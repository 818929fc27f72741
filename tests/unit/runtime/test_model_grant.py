"""Tokens granted a turn: over all its calls, by the vendor's own count, also after a resumption."""

import json
from typing import Any

from hyperpersonal_runtime.testing import SandboxServer, World, hook_call
from hyperpersonal_sdk.contract.models import GenerateAsk

AGENT = b"""
from hyperpersonal_sdk import Agent, HostCallFailedError
plugin = Agent()

@plugin.reply
def reply(turn, host):
    told = []
    for number in range(turn.calls):
        try:
            told.append(host.generate("x" * 400, tokens_max=500).text)
        except HostCallFailedError as error:
            told.append(error.kind)
    return " ".join(told)
"""
USAGE = {"tokens_in": 100, "tokens_out": 200}


def test_that_a_grant_is_spent_over_all_calls_of_a_turn(sandbox_server: SandboxServer) -> None:
    call = hook_call({"a/__init__.py": AGENT}, "a", ("model:generate<=1k tokens/turn",))
    world = World(model={"text": "ok", "usage": USAGE})
    result = sandbox_server.call(call, "reply", {"calls": 5}, world)
    assert _said(result) == "ok ok ok limit limit"  # 300, 600, 900; then about 100 do not fit
    asks: list[GenerateAsk] = sandbox_server.world.model_asks
    assert asks[0].tokens_max == 500
    assert [ask.tokens_max for ask in asks] == sorted(
        (ask.tokens_max for ask in asks), reverse=True
    )
    assert all(ask.tokens_max < 1_000 - 300 * number for number, ask in enumerate(asks))
    spent = [entry.cost for entry in result.journal if entry.cost]
    assert [cost["tokens_out"] for cost in spent] == [200, 200, 200]


def test_that_a_resumed_turn_has_what_the_first_run_left(sandbox_server: SandboxServer) -> None:
    call = hook_call({"a/__init__.py": AGENT}, "a", ("model:generate<=1k tokens/turn",))
    world = World(model={"text": "ok", "usage": USAGE})
    first = sandbox_server.call(call, "reply", {"calls": 2}, world)
    again = World(model={"text": "new", "usage": USAGE})
    result = sandbox_server.call(call, "reply", {"calls": 5}, again, recorded=first.journal)
    assert _said(result) == "ok ok new limit limit"


def _said(result: Any) -> str:
    assert result.outcome == "ok", result.detail
    return str(json.loads(result.value)["text"])
