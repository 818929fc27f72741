"""The tool loop: in order, bounded, and whatever a tool does is told to the model."""

import json
from typing import Any

import pytest
from hyperpersonal_sdk.authoring import Host, HostCallFailedError, View
from hyperpersonal_sdk.tool_loop import CUT, RESULT_CHARS_MAX, ROUNDS_MAX, USES_MAX, Tool, run

SCHEMA = {"type": "object"}
ASKED = [{"role": "user", "text": "hi"}]


class Script:
    """A host whose model gives these answers, one after the other, the last one for ever."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.asks: list[dict[str, Any]] = []

    def call(self, name: str, payload: str) -> str:
        assert name == "model.generate"
        self.asks.append(json.loads(payload))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return json.dumps(answer)

    @property
    def host(self) -> Host:
        return Host(self.call, lambda *_: None)


def use(name: str, number: int = 1, **arguments: Any) -> dict[str, Any]:
    return {"id": f"u{number}", "name": name, "arguments": arguments}


def wants(*uses: dict[str, Any]) -> dict[str, Any]:
    return {"text": "", "uses": list(uses), "stop": "tools"}


def told(script: Script) -> list[str]:
    """What the tools' answers were when the model was asked last."""
    return [line["text"] for line in script.asks[-1]["messages"] if line["role"] == "tool"]


def test_that_tools_run_in_the_order_they_were_asked_for() -> None:
    done: list[str] = []
    script = Script(wants(use("b", 1, x=1), use("a", 2)), {"text": "well", "stop": "end"})
    tools = [
        Tool("a", "", SCHEMA, lambda host: done.append("a")),
        Tool("b", "", SCHEMA, lambda host, x: done.append(f"b{x}") or View({"n": x})),
    ]
    ended = run(script.host, ASKED, tools, instructions="rules", tokens_max=9)
    assert (ended.text, ended.stop, done) == ("well", "end", ["b1", "a"])
    assert ended.used == [("b", {"x": 1}, {"n": 1}), ("a", {}, None)]
    assert told(script) == ['{"result": {"n": 1}}', '{"result": null}']
    assert [ask["may_use"] for ask in script.asks] == [True, True]
    assert script.asks[0]["instructions"] == "rules"
    assert [line["role"] for line in script.asks[1]["messages"]] == [
        "user", "assistant", "tool", "tool"]  # fmt: skip


def _denied(host: Any) -> None:
    raise HostCallFailedError("denied", "not granted: tool:x.read")


def test_that_a_failing_tool_is_told_and_not_raised() -> None:
    script = Script(
        wants(use("none"), use("denied", 2), use("strict", 3, wrong=1), use("long", 4)),
        {"text": "I could not.", "stop": "end"},
    )
    tools = [
        Tool("denied", "", SCHEMA, _denied),
        Tool("strict", "", SCHEMA, lambda host, right: right),
        Tool("long", "", SCHEMA, lambda host: "x" * 50_000),
    ]
    assert run(script.host, ASKED, tools).text == "I could not."
    none, denied, strict, long = told(script)
    assert none == '{"error": "there is no tool none"}'
    assert denied == '{"error": "denied: not granted: tool:x.read"}'
    assert strict.startswith('{"error": "invalid: ')
    assert long.endswith(CUT)
    assert len(long) == RESULT_CHARS_MAX + len(CUT)


def test_that_a_model_that_never_ends_is_ended() -> None:
    script = Script(wants(use("a")))
    ended = run(script.host, ASKED, [Tool("a", "", SCHEMA, lambda host: 1)])
    assert len(script.asks) == ROUNDS_MAX
    assert [ask["may_use"] for ask in script.asks] == [True] * (ROUNDS_MAX - 1) + [False]
    assert len(ended.used) == ROUNDS_MAX - 1
    many = Script(wants(*(use("a", n) for n in range(50))), {"text": "done", "stop": "end"})
    assert len(run(many.host, ASKED, [Tool("a", "", SCHEMA, lambda host: 1)]).used) == USES_MAX
    assert not many.asks[1]["may_use"]


def test_that_a_model_that_fails_is_the_agents_to_handle() -> None:
    def away(name: str, payload: str) -> str:
        raise HostCallFailedError("unavailable", "no model is installed")

    with pytest.raises(HostCallFailedError, match="no model"):
        run(Host(away, lambda *_: None), ASKED, [])
