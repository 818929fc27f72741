"""No call succeeds that was not granted, and each refusal says what was missing."""

import json
from typing import Any

import msgspec
import pytest
from fakes.plugins import agent
from hyperpersonal_runtime.calls import HookCall
from hyperpersonal_runtime.hostcalls.table import HOST_CALLS
from hyperpersonal_runtime.ports import CallScope
from hyperpersonal_runtime.testing import SandboxServer, World
from hyperpersonal_sdk.contract.outcomes import Outcome
from security.denied.rows import ROWS, Row, Wrong, denied_by_others

CALLS_MIN = 200
BODY = """
import json
ask = json.loads(turn.text)
try:
    host._call(ask["call"], json.dumps(ask["ask"]))
except HostCallFailedError as error:
    return json.dumps([error.kind, error.message])
return json.dumps(["", ""])
"""
NOBODY = CallScope("tenant", "installation", "turn", "conversation")


class Outside:
    """A world where every call would succeed, and what reached it."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.world = World(
            tools=self._tool, http=self._http, facts={"a": 1}, passages=[{"id": "1", "text": "x"}]
        )

    def _tool(self, name: str, _arguments: dict[str, Any]) -> Any:
        self.reached.append(name)
        return {"id": "1"}

    def _http(self, method: str, url: str, *_: Any) -> tuple[int, str]:
        self.reached.append(f"{method} {url}")
        return 200, "open"


def answer(server: SandboxServer, row: Row, wrong: Wrong | None, world: World) -> tuple[str, str]:
    """(failure kind or '', message) of the call from inside the sandbox."""
    grants = wrong.grants if wrong else row.needs
    call: HookCall = agent(BODY, *grants)
    text = json.dumps({"call": row.call, "ask": wrong.ask if wrong else row.ask})
    changes = {} if wrong is None or wrong.contact else {"scope": NOBODY}
    result = server.call(call, "reply", {"text": text}, world, **changes)
    assert result.outcome is Outcome.OK, result
    kind, message = json.loads(msgspec.json.decode(result.value)["text"])
    return kind, message


def test_that_every_host_call_has_a_row() -> None:
    assert set(HOST_CALLS) == {row.call for row in ROWS}
    for row in ROWS:
        assert bool(row.needs) != bool(row.free), f"{row.name}: say what it needs, or why nothing"


def test_that_the_suite_is_as_large_as_promised() -> None:
    assert sum(len(denied_by_others(row)) + len(row.wrong) for row in ROWS) >= CALLS_MIN


@pytest.mark.parametrize("row", [row for row in ROWS if row.needs], ids=lambda row: row.name)
def test_that_no_ungranted_call_succeeds(row: Row, sandbox_server: SandboxServer) -> None:
    outside = Outside()
    for wrong in [*denied_by_others(row), *row.wrong]:
        kind, message = answer(sandbox_server, row, wrong, outside.world)
        assert kind == wrong.kind, (wrong, message)
        assert wrong.words in message, wrong
    assert outside.reached == []
    assert outside.world.kv == {}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_that_a_granted_call_is_not_denied(row: Row, sandbox_server: SandboxServer) -> None:
    kind, message = answer(sandbox_server, row, None, Outside().world)
    assert kind in ("", "unavailable", "failed"), message


def test_that_a_stream_is_its_openers_alone(sandbox_server: SandboxServer) -> None:
    """`http.read` and `http.close` need no grant because there is nothing of another's to name."""
    (row,) = [row for row in ROWS if row.call == "http.read"]
    for name in ("1", "2", "1.1", "", "../1", "agent2.1"):
        wrong = Wrong("another's stream", (), {"stream": name}, "cut", "failed")
        assert answer(sandbox_server, row, wrong, World()) == ("failed", "the stream was cut")
