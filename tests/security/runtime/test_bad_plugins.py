"""Every way a plugin can misbehave ends in a typed outcome, and its neighbours notice nothing."""

import asyncio
from collections.abc import Callable

import pytest
from fakes.plugins import agent
from hyperpersonal_runtime.calls import HookCall, Limits, SealedRelease
from hyperpersonal_runtime.ending import End
from hyperpersonal_runtime.kinds.kind import Ready
from hyperpersonal_runtime.kinds.python import PythonKind
from hyperpersonal_runtime.testing import SandboxServer, World, hook_call, open_sandbox
from hyperpersonal_sdk.contract.outcomes import Outcome

GOOD = agent("return 'hello ' + turn.text")
TOOL = "tool:commerce.orders.read"
ORDERS = World(tools={"commerce.orders.get": {"id": "#W1"}})

BAD: dict[str, tuple[HookCall, Outcome, str]] = {
    "loops": (agent("while True: pass"), Outcome.TIMED_OUT, "250 ms of CPU"),
    "loops in a comprehension": (
        agent("return str(sum(x for x in iter(int, 1)))"),
        Outcome.TIMED_OUT,
        "250 ms of CPU",
    ),
    "loops at import": (
        agent("return ''", head="while True: pass"),
        Outcome.TIMED_OUT,
        "250 ms of CPU",
    ),
    "loops catching everything": (
        agent("while True:\n    try:\n        1 / 0\n    except BaseException: pass"),
        Outcome.TIMED_OUT,
        "250 ms of CPU",
    ),
    "floods host calls": (
        agent("while True: host.tool('commerce.orders.get', order_id='#W1')", TOOL),
        Outcome.OVER_LIMIT,
        "more than 200 host calls",
    ),
    "floods refused host calls": (
        agent("while True:\n    try: host.tool('x.y')\n    except HostCallFailedError: pass"),
        Outcome.OVER_LIMIT,
        "more than 200 host calls",
    ),
    "floods output": (
        agent("return 'x' * 2_000_000"),
        Outcome.OVER_LIMIT,
        "65536 are allowed",
    ),
    "exhausts memory": (
        agent("return str(len([bytearray(1 << 20) for _ in range(1000)]))"),
        Outcome.OVER_LIMIT,
        "out of memory",
    ),
    "exhausts memory in one go": (
        agent("return 'x' * (1 << 30)"),
        Outcome.OVER_LIMIT,
        "out of memory",
    ),
    "raises": (agent("return turn.nothing_here"), Outcome.TRAPPED, "AttributeError"),
    "raises what cannot be shown": (
        agent("class E(Exception):\n    def __str__(self): raise E\nraise E"),
        Outcome.TRAPPED,
        "E",
    ),
    "exits": (agent("raise SystemExit(3)"), Outcome.TRAPPED, "SystemExit"),
    "recurses": (agent("def f(): return f()\nreturn f()"), Outcome.TRAPPED, "RecursionError"),
    "recurses without a limit": (
        agent("import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nreturn f()"),
        Outcome.TRAPPED,
        "",
    ),
    "returns no JSON": (agent("return object()"), Outcome.TRAPPED, "not JSON serializable"),
    "returns not a number": (
        agent("return Reply('x', confidence=float('nan'))"),
        Outcome.TRAPPED,
        "ValueError",
    ),
    "returns another shape": (agent("return {'txt': 1}"), Outcome.TRAPPED, "something else"),
    "returns nothing": (agent("pass"), Outcome.TRAPPED, "something else"),
    "asks what it was not granted": (
        agent("return host.tool('commerce.orders.get', order_id='1').id"),
        Outcome.REFUSED,
        "not granted: tool:commerce.orders.read",
    ),
    "asks for no such call": (agent("host.call('os.system')"), Outcome.REFUSED, "no host call"),
    "asks wrongly": (
        agent("host.call('knowledge.search', q=1)", "knowledge:read"),
        Outcome.REFUSED,
        "invalid",
    ),
    "has a syntax error": (agent("return ("), Outcome.REFUSED, "p/__init__.py:"),
    "has no plugin": (hook_call({"p/__init__.py": b"x = 1"}, "p"), Outcome.REFUSED, "bind one"),
    "has no module": (hook_call({}, "p"), Outcome.REFUSED, "no module p"),
    "opens a socket": (
        agent("import socket\nsocket.create_connection(('127.0.0.1', 5432))"),
        Outcome.TRAPPED,
        "",
    ),
    "imports what is not there": (
        agent("import sqlite3"),
        Outcome.TRAPPED,
        "ModuleNotFoundError",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_that_a_bad_plugin_ends_in_a_typed_outcome(
    name: str, sandbox_server: SandboxServer
) -> None:
    call, outcome, words = BAD[name]
    pids = sandbox_server.worker_pids
    result = sandbox_server.call(call, "reply", {"text": "hi"}, ORDERS)
    assert (result.outcome, result.value) == (outcome, b""), result
    assert words in result.detail
    assert sandbox_server.call(GOOD, "reply", {"text": "you"}).outcome is Outcome.OK
    assert sandbox_server.worker_pids == pids, "no worker was lost"


def test_that_a_source_too_large_to_compile_is_compiled_once(
    sandbox_server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    compile_it = PythonKind._compile

    async def counted(kind: PythonKind, release: SealedRelease) -> Ready | End:
        compiled.append(release.digest)
        return await compile_it(kind, release)

    monkeypatch.setattr(PythonKind, "_compile", counted)
    call = hook_call({"p/__init__.py": b"x=1\n" * 500_000}, "p")
    first, second = (sandbox_server.call(call, "reply", {}) for _ in range(2))
    assert first.outcome is second.outcome is Outcome.OVER_LIMIT
    assert second.detail == first.detail == "out of memory"
    assert compiled == [call.release.digest]


def test_that_a_flood_of_log_lines_is_cut(sandbox_server: SandboxServer) -> None:
    call = agent("for i in range(1000): print('line', i, 'x' * 9000)\nreturn 'done'")
    result = sandbox_server.call(call, "reply", {})
    assert result.outcome is Outcome.OK
    assert len(result.logs) == 65
    assert result.logs[-1] == "warn: 936 more lines were dropped"
    assert max(map(len, result.logs)) < 2_100


def test_that_an_exception_is_told_with_file_and_line(sandbox_server: SandboxServer) -> None:
    result = sandbox_server.call(agent("return {}['gone']"), "reply", {})
    assert result.detail == "KeyError: 'gone'"
    assert "p/__init__.py:6 in reply" in result.logs[0]


def test_that_neighbours_of_bad_plugins_are_served() -> None:
    async def together() -> None:
        async with open_sandbox({}, "p") as box:
            host = box._host
            loops = BAD["loops"][0]
            bad = [asyncio.create_task(host.call(loops)) for _ in range(2)]
            for _ in range(20):
                result = await host.call(GOOD)
                assert result.outcome is Outcome.TRAPPED  # no text in the empty payload
            assert {task.outcome for task in await asyncio.gather(*bad)} == {Outcome.TIMED_OUT}

    asyncio.run(together())


def never(_arguments: dict[str, object]) -> Callable[..., object]:
    return asyncio.sleep(600)  # type: ignore[return-value]


def test_that_an_answer_that_comes_too_late_is_a_timeout(sandbox_server: SandboxServer) -> None:
    limits = Limits(deadline_ms=3_000)
    call = agent("return host.tool('commerce.orders.get', order_id='1').id", TOOL, limits=limits)
    result = sandbox_server.call(call, "reply", {}, World(tools={"commerce.orders.get": never}))
    assert result.outcome is Outcome.TIMED_OUT
    assert "call 1 (tool.call)" in result.detail
    assert result.elapsed_ms < Limits().deadline_ms, "its own deadline ended it"


def slowly(_arguments: dict[str, object]) -> object:
    async def answer() -> dict[str, str]:
        await asyncio.sleep(0.5)
        return {"id": "#W1"}

    return answer()


def test_that_another_request_in_the_second_run_is_nondeterministic(
    sandbox_server: SandboxServer,
) -> None:
    """The plugin's only door to randomness is the journal, so the difference comes from outside."""
    body = "return host.tool('commerce.orders.get', order_id=turn.text).id"
    world = World(tools={"commerce.orders.get": slowly})
    first = sandbox_server.call(agent(body, TOOL), "reply", {"text": "#W1"}, world)
    assert (first.outcome, first.runs) == (Outcome.OK, 2)
    again = agent(body, TOOL)
    result = sandbox_server.call(
        again, "reply", {"text": "#W2"}, World(tools=world.tools), recorded=first.journal
    )
    assert result.outcome is Outcome.NONDETERMINISTIC
    assert "call 1 was tool.call" in result.detail
    assert "#W2" in result.detail


def test_that_catching_the_suspension_changes_nothing(sandbox_server: SandboxServer) -> None:
    body = """
try:
    found = host.tool('commerce.orders.get', order_id='1').id
except BaseException:
    found = 'swallowed'
    try:
        host.tool('commerce.orders.get', order_id='2')
    except BaseException:
        pass
return found
"""
    world = World(tools={"commerce.orders.get": slowly})
    result = sandbox_server.call(agent(body, TOOL), "reply", {}, world)
    assert result.outcome is Outcome.OK
    assert b'"text":"#W1"' in result.value
    assert [call[1]["order_id"] for call in world.tool_calls] == ["1"]


def test_that_looping_after_the_suspension_is_stopped(sandbox_server: SandboxServer) -> None:
    body = """
try:
    return host.tool('commerce.orders.get', order_id='1').id
except BaseException:
    while True: pass
"""
    world = World(tools={"commerce.orders.get": slowly})
    result = sandbox_server.call(agent(body, TOOL), "reply", {}, world)
    assert result.outcome is Outcome.OK, "the second run gets its answer and never catches"


def test_that_files_environment_and_sleep_are_out_of_reach(sandbox_server: SandboxServer) -> None:
    body = """
import os, time, io, sys
found = []
for attempt in (
    lambda: open('/etc/passwd'), lambda: io.open('/etc/passwd'), lambda: os.listdir('/'),
    lambda: time.sleep(9), lambda: input(), lambda: os.remove('x'), lambda: os.stat('/etc'),
    lambda: os.open('/etc/passwd', 0), lambda: __import__('ctypes'), lambda: __import__('socket'),
    lambda: os.fork(), lambda: __import__('subprocess'), lambda: __import__('wit_world').x,
):
    try:
        found.append(repr(attempt()))
    except Exception as error:
        found.append(type(error).__name__)
return repr([dict(os.environ), sys.argv, found])
"""
    result = sandbox_server.call(agent(body), "reply", {})
    assert result.outcome is Outcome.OK, result
    print(result.value)
    assert b"passwd" not in result.value
    assert result.value.startswith(b'{"text":"[{}, ')


def test_that_nothing_is_left_for_the_next_call(sandbox_server: SandboxServer) -> None:
    call = agent("import json\nseen = getattr(json, 'mine', 0)\njson.mine = 1\nreturn str(seen)")
    for _ in range(3):
        assert b'"text":"0"' in sandbox_server.call(call, "reply", {}).value
