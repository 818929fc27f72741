"""A hook call from start to outcome: waits, runs again, lost workers, a resumed turn."""

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from fakes.plugins import agent
from hyperpersonal_runtime.calls import CallResult, Limits
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.journal import Entry
from hyperpersonal_runtime.testing import FakePorts, SandboxServer, World, default_cache, hook_call
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer, Outcome

READ = "tool:commerce.orders.read"
WRITE = ("tool:commerce.orders.write", "money:refund<=50.00 USD/turn")
TWO_READS = """
one = host.tool('commerce.orders.get', order_id='1')
two = host.tool('commerce.orders.get', order_id='2')
return f'{one.id} {two.id}'
"""
CANCEL = "return host.tool('commerce.orders.cancel', order_id='1', reason='x').status"


def text_of(result: CallResult) -> str:
    assert result.outcome is Outcome.OK, result
    return str(msgspec.json.decode(result.value)["text"])


def after(seconds: float) -> Callable[[dict[str, Any]], Any]:
    async def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(seconds)
        return {"id": arguments["order_id"], "status": "cancelled"}

    return answer


def at_work(host: Host) -> set[int]:
    """The workers that run a call now."""
    assert host._pool is not None
    return {one.pid for one in host._pool.workers if any(lane.loan for lane in one.lanes)}


async def started(world: World, **options: Any) -> Host:
    host = Host(default_cache(), workers=1, **options)
    await host.start(FakePorts(world).ports())
    return host


def test_that_a_slow_answer_suspends_and_the_second_run_asks_nothing_twice(
    sandbox_server: SandboxServer,
) -> None:
    world = World(tools={"commerce.orders.get": after(0.4)})
    result = sandbox_server.call(agent(TWO_READS, READ), "reply", {}, world)
    assert text_of(result) == "1 2"
    assert result.runs == 3
    assert [call[1]["order_id"] for call in world.tool_calls] == ["1", "2"]
    assert [entry.path for entry in result.journal] == ["1", "2"]
    assert result.journal[0].elapsed_ms >= 390


def test_that_a_quick_answer_is_waited_for(sandbox_server: SandboxServer) -> None:
    world = World(tools={"commerce.orders.get": after(0.01)})
    result = sandbox_server.call(agent(TWO_READS, READ), "reply", {}, world)
    assert (text_of(result), result.runs) == ("1 2", 1)


def test_that_a_write_is_intended_before_it_leaves_and_carries_its_key(
    sandbox_server: SandboxServer,
) -> None:
    seen: list[list[Entry]] = []
    world = World(tools={"commerce.orders.cancel": lambda _: seen.extend(world.saved) or "done"})
    body = "host.now()\nhost.tool('commerce.orders.cancel', order_id='1', reason='x')\nreturn 'ok'"
    result = sandbox_server.call(agent(body, *WRITE), "reply", {}, world)
    assert text_of(result) == "ok"
    assert [(entry.path, entry.write, entry.answer is None) for entry in seen[0]] == [
        ("1", False, False),
        ("2", True, True),
    ]
    assert world.tool_calls[0][2] == "turn:2"


def test_that_a_read_is_not_intended(sandbox_server: SandboxServer) -> None:
    world = World(tools={"commerce.orders.get": after(0)})
    sandbox_server.call(agent(TWO_READS, READ), "reply", {}, world)
    assert world.saved == []
    assert {call[2] for call in world.tool_calls} == {""}


def test_that_a_resumed_turn_does_only_what_is_not_answered(sandbox_server: SandboxServer) -> None:
    """A crash between the shop's act and our record: the same key again, and nothing else."""
    world = World(tools={"commerce.orders.cancel": {"status": "cancelled"}})
    first = sandbox_server.call(agent("host.now()\n" + CANCEL, *WRITE), "reply", {}, world)
    lost = (first.journal[0], msgspec.structs.replace(first.journal[1], answer=None))
    again = World(tools=world.tools)
    result = sandbox_server.call(
        agent("host.now()\n" + CANCEL, *WRITE), "reply", {}, again, recorded=lost
    )
    assert text_of(result) == "cancelled"
    assert result.journal[0] == first.journal[0]
    assert [call[2] for call in again.tool_calls] == ["turn:2"]
    done = sandbox_server.call(
        agent("host.now()\n" + CANCEL, *WRITE), "reply", {}, World(), recorded=first.journal
    )
    assert text_of(done) == "cancelled"


def test_that_time_and_randomness_are_the_same_in_the_second_run(
    sandbox_server: SandboxServer,
) -> None:
    body = """
import random, uuid, time, datetime, secrets
seen = [random.random(), str(uuid.uuid4()), time.time(), secrets.token_hex(4),
        str(datetime.datetime.now(datetime.timezone.utc)), random.Random().random(),
        random.sample(range(100), 3), random.SystemRandom().random(), time.perf_counter()]
host.remember('seen', seen)
host.tool('commerce.orders.get', order_id='1')
return repr(seen)
"""
    world = World(tools={"commerce.orders.get": after(0.4)})
    grants = (READ, "memory:contact.write")
    result = sandbox_server.call(agent(body, *grants), "reply", {}, world)
    assert result.runs == 2
    other = sandbox_server.call(agent(body, *grants), "reply", {}, World(tools=world.tools))
    assert text_of(other) != text_of(result)


def test_that_a_killed_worker_loses_nothing() -> None:
    async def kill() -> None:
        world = World(tools={"commerce.orders.get": after(0.5), "commerce.orders.cancel": after(0)})
        host = await started(world)
        body = "host.tool('commerce.orders.cancel', order_id='9', reason='x')\n" + TWO_READS
        limits = Limits(inline_wait_ms=5_000, deadline_ms=100_000)
        call = agent(body, READ, *WRITE, limits=limits)
        calls = [asyncio.create_task(host.call(call)) for _ in range(4)]
        while len(world.tool_calls) < 8:  # each has cancelled and waits for its first order
            await asyncio.sleep(0.01)
        (pid,) = host.worker_pids
        os.kill(pid, signal.SIGKILL)
        results = await asyncio.gather(*calls)
        assert {text_of(result) for result in results} == {"1 2"}
        assert sum(call[0] == "commerce.orders.cancel" for call in world.tool_calls) == 4
        assert len(world.tool_calls) == 12
        assert host.worker_pids != (pid,)
        await host.close()

    asyncio.run(kill())


def test_that_a_call_that_ends_two_workers_is_given_up() -> None:
    async def run() -> None:
        host = await started(World())
        call = agent("while True: pass", limits=Limits(guest_cpu_ms=60_000, deadline_ms=100_000))
        assert await host.prepare(call.release) == "", "what compiles it may be lost only once, too"
        killer = asyncio.create_task(host.call(call))
        killed: set[int] = set()
        while not killer.done():
            await asyncio.sleep(0.02)
            for pid in at_work(host) - killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        assert killer.result().outcome is Outcome.TRAPPED
        assert "2 workers ended" in killer.result().detail
        assert text_of(await host.call(agent("return 'alive'"))) == "alive"
        await host.close()

    asyncio.run(run())


def test_that_closing_ends_waiting_calls_as_suspended() -> None:
    async def close() -> None:
        world = World(tools={"commerce.orders.get": after(20)})
        host = await started(world)
        call = asyncio.create_task(host.call(agent(TWO_READS, READ)))
        while not world.saved:  # it was sent to sleep
            await asyncio.sleep(0.01)
        await host.close()
        result = await call
        assert result.outcome is Outcome.SUSPENDED
        assert "call 1 (tool.call)" in result.detail
        assert [entry.path for entry in world.saved[-1]] == ["1"]

    asyncio.run(close())


def test_that_a_caller_who_goes_away_frees_the_lane() -> None:
    async def cancel() -> None:
        host = await started(World(tools={"commerce.orders.get": after(20)}), lanes=2)
        limits = Limits(inline_wait_ms=20_000)
        for _ in range(6):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await host.call(agent(TWO_READS, READ, limits=limits))
        assert text_of(await host.call(agent("return 'free'"))) == "free"
        await host.close()

    asyncio.run(cancel())


def test_that_more_calls_than_lanes_take_turns() -> None:
    async def crowd() -> None:
        host = await started(World(tools={"commerce.orders.get": after(0.05)}), lanes=3)
        calls = [host.call(agent(TWO_READS, READ)) for _ in range(30)]
        assert {text_of(result) for result in await asyncio.gather(*calls)} == {"1 2"}
        await host.close()

    asyncio.run(crowd())


def test_that_agents_waiting_for_connectors_leave_them_a_lane() -> None:
    """Every lane but the kept ones is held by agents whose tool is itself a hook call."""
    connector = hook_call(
        {
            "c/__init__.py": b"""
from hyperpersonal_sdk import *
plugin = Connector()
@plugin.tool("commerce.orders.get")
def get(host, order_id):
    host.now()
    return {"id": order_id}
"""
        },
        "c",
    )

    async def nested() -> None:
        async def serve(scope: Any, tool: str, arguments: dict[str, Any], key: str) -> HostAnswer:
            payload = msgspec.json.encode({"tool": tool, "arguments": arguments})
            call = msgspec.structs.replace(
                connector, scope=scope, hook="call_tool", payload=payload
            )
            result = await host.call(call)
            paths.extend(entry.path for entry in result.journal)
            return HostAnswer(result.value.decode())

        paths: list[str] = []
        world = World()
        ports = FakePorts(world).ports()
        ports.tools.call = serve  # type: ignore[method-assign]
        host = Host(default_cache(), workers=1, lanes=4)
        await host.start(ports)
        limits = Limits(inline_wait_ms=10_000)
        calls = [host.call(agent(TWO_READS, READ, limits=limits)) for _ in range(12)]
        assert {text_of(result) for result in await asyncio.gather(*calls)} == {"1 2"}
        assert set(paths) == {"1.1", "2.1"}
        await host.close()

    asyncio.run(nested())


def test_that_a_payload_over_the_limit_is_refused_at_the_door(
    sandbox_server: SandboxServer,
) -> None:
    result = sandbox_server.call(agent("return 'x'"), "reply", {"text": "x" * 300_000})
    assert (result.outcome, result.runs) == (Outcome.OVER_LIMIT, 0)


def test_that_a_port_that_raises_is_a_failure_the_agent_can_handle(
    sandbox_server: SandboxServer,
) -> None:
    def broken(_arguments: dict[str, Any]) -> Any:
        raise OSError("a secret address")

    body = "try:\n    host.tool('commerce.orders.get', order_id='1')\n"
    body += "except HostCallFailedError as error:\n    return f'{error.kind}: {error.message}'"
    world = World(tools={"commerce.orders.get": broken})
    result = sandbox_server.call(agent(body, READ), "reply", {}, world)
    assert text_of(result) == "failed: the host could not do this"


@pytest.mark.parametrize(
    ("body", "grant", "said"),
    [
        ("return str(host.search('returns')[0].id)", "knowledge:read", "psg_1"),
        ("return str(host.recall().facts[0].value)", "memory:contact.read", "M"),
        ("host.call('kv.put', key='a', value=[1])\nreturn str(host.call('kv.get', key='a').value)",
         "kv:1KiB", "[1]"),
        ("return str(host.call('kv.get', key='none').value)", "kv:1KiB", "None"),
        ("host.call('kv.put', key='a', value=1)\nreturn str(host.call('kv.keys')['keys'])",
         "kv:1KiB", "['a']"),
        ("host.remember('size', 'L')\nreturn 'kept'", "memory:contact.write", "kept"),
        ("return str(len(host.random_hex(8)))", "knowledge:read", "16"),
    ],
)  # fmt: skip
def test_that_each_host_call_answers(
    sandbox_server: SandboxServer, body: str, grant: str, said: str
) -> None:
    world = World(passages=[{"id": "psg_1"}], facts={"size": "M"})
    assert text_of(sandbox_server.call(agent(body, grant), "reply", {}, world)) == said


@pytest.mark.parametrize(
    ("body", "grants", "words"),
    [
        ("host.generate('hello')", ("model:generate<=1k tokens/turn",),
         "unavailable: no model is installed"),
        ("host.generate('hello')", (), "not granted: model:generate"),
        ("host.call('kv.put', key='a', value='x' * 2000)", ("kv:1KiB",), "at most 1024 bytes"),
        ("host.call('kv.get', key='')", ("kv:1KiB",), "1..200 characters"),
        ("host.search('x', limit=999)", ("knowledge:read",), "limit: 1..20"),
        ("host.call('random.bytes', n=9999)", (), "1..1024"),
    ],
)  # fmt: skip
def test_that_each_refusal_names_what_was_wrong(
    sandbox_server: SandboxServer, body: str, grants: tuple[str, ...], words: str
) -> None:
    result = sandbox_server.call(agent(body, *grants), "reply", {})
    assert result.outcome in (Outcome.REFUSED, Outcome.OVER_LIMIT)
    assert words in result.detail


def test_that_a_tools_failure_is_for_the_agent_to_explain(sandbox_server: SandboxServer) -> None:
    body = "try:\n    host.tool('commerce.orders.get', order_id='1')\n"
    body += "except ToolFailedError as error:\n    return f'{error.kind}: {error.message}'"
    failure = Failure(FailureKind.NOT_FOUND, "no such order")
    world = World(tools={"commerce.orders.get": failure})
    result = sandbox_server.call(agent(body, READ), "reply", {}, world)
    assert text_of(result) == "not-found: no such order"


CONNECTOR = b"""
import random
from hyperpersonal_sdk import *
plugin = Connector()
served = []
@plugin.tool("x.count")
def count(host):
    served.append(random.random())
    return len(served)
@plugin.tool("x.break")
def break_(host):
    raise ValueError
"""


def test_that_a_connector_keeps_its_instance_within_one_installation_only() -> None:
    async def serve() -> None:
        host = await started(World(), lanes=2)
        base = hook_call({"c/__init__.py": CONNECTOR}, "c")

        async def count(tenant: str, tool: str = "x.count", path: str = "3") -> CallResult:
            scope = msgspec.structs.replace(base.scope, tenant_id=tenant, path=path)
            payload = msgspec.json.encode({"tool": tool, "arguments": {}})
            return await host.call(
                msgspec.structs.replace(base, scope=scope, hook="call_tool", payload=payload)
            )

        async def counted(tenant: str, path: str = "3") -> int:
            return int(msgspec.json.decode((await count(tenant, path=path)).value)["value"])

        assert [await counted("a") for _ in range(3)] == [1, 2, 3]
        assert [await counted("b") for _ in range(2)] == [1, 2], "another tenant, another instance"
        assert await counted("a") == 4
        assert await counted("a", path="") == 1, "not on behalf of an agent: a fresh one"
        assert (await count("a", "x.break")).outcome is Outcome.TRAPPED
        assert await counted("a") == 1, "an instance that failed is dropped"
        assert [entry.name for entry in (await count("a")).journal] == ["random.bytes"]
        await host.close()

    asyncio.run(serve())


def test_that_a_closed_host_answers_too() -> None:
    async def closed() -> None:
        host = await started(World())
        await host.close()
        result = await host.call(agent("return 'x'"))
        assert (result.outcome, result.detail) == (Outcome.SUSPENDED, "the host is closing")

    asyncio.run(closed())


def test_that_a_plugin_of_many_files_is_loaded_with_what_it_brings(
    sandbox_server: SandboxServer,
) -> None:
    files = {
        "p/__init__.py": b"from p.desk import plugin",
        "p/desk.py": b"""
from hyperpersonal_sdk import Agent
from .parts import words
import vendored.deep as deep
plugin = Agent()
@plugin.reply
def reply(turn, host):
    import p.late
    return f"{words.HELLO} {deep.NAME} {p.late.__name__} {__name__}"
""",
        "p/parts/__init__.py": b"",
        "p/parts/words.py": "HELLO = 'gr\u00fc\u00df'".encode(),
        "p/late.py": b"",
        "vendored/__init__.py": b"",
        "vendored/deep.py": b"NAME = __file__",
        "tests/test_it.py": b"this is no Python",
        "README.md": b"# nothing to run",
    }
    result = sandbox_server.call(hook_call(files, "p"), "reply", {})
    assert text_of(result) == "gr\u00fc\u00df vendored/deep.py p.late p.desk"
