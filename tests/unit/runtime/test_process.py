"""Native plugins: the same call, grants, journal and outcomes as in a guest, in a warm process."""

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from fakes.native import native, native_files, small_wheel, wheel_of
from hyperpersonal_runtime.calls import PROCESS_LIMITS, CallResult, HookCall
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.testing import FakePorts, SandboxServer, World, default_cache
from hyperpersonal_sdk.contract.outcomes import HostAnswer, Outcome

READ = "tool:commerce.orders.read"
WRITE = ("tool:commerce.orders.write", "money:refund<=50.00 USD/turn")
PATIENT = msgspec.structs.replace(PROCESS_LIMITS, deadline_ms=100_000)
TWO_READS = """
one = await host.tool('commerce.orders.get', order_id='1')
two = await host.tool('commerce.orders.get', order_id='2')
return f'{one.id} {two.id}'
"""


def text_of(result: CallResult) -> str:
    assert result.outcome is Outcome.OK, result
    return str(msgspec.json.decode(result.value)["text"])


def after(seconds: float) -> Callable[[dict[str, Any]], Any]:
    async def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(seconds)
        return {"id": arguments["order_id"], "status": "cancelled"}

    return answer


def until(event: asyncio.Event) -> Callable[[dict[str, Any]], Any]:
    async def answer(arguments: dict[str, Any]) -> dict[str, Any]:
        await event.wait()
        return {"id": arguments["order_id"]}

    return answer


async def started(world: World) -> Host:
    host = Host(default_cache(), workers=1)
    await host.start(FakePorts(world).ports())
    return host


def of(call: HookCall, tenant: str = "tenant", installation: str = "installation") -> HookCall:
    scope = msgspec.structs.replace(call.scope, tenant_id=tenant, installation_id=installation)
    return msgspec.structs.replace(call, scope=scope)


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_that_both_kinds_of_function_ask_the_host_and_are_journaled(
    sandbox_server: SandboxServer, kind: str
) -> None:
    body = TWO_READS if kind == "async def" else TWO_READS.replace("await ", "")
    world = World(tools={"commerce.orders.get": after(0)})
    result = sandbox_server.call(native(body, READ, kind=kind), "reply", {}, world)
    assert (text_of(result), result.runs) == ("1 2", 1)
    assert [entry.name for entry in result.journal] == ["random.bytes", "tool.call", "tool.call"]


def test_that_a_call_without_its_grant_is_denied(sandbox_server: SandboxServer) -> None:
    world = World(tools={"commerce.orders.get": after(0)})
    result = sandbox_server.call(native(TWO_READS), "reply", {}, world)
    assert result.outcome is Outcome.REFUSED
    assert READ in result.detail
    assert world.tool_calls == []


def test_that_a_slow_answer_is_waited_for_in_the_process(sandbox_server: SandboxServer) -> None:
    """A held call is never sent to sleep: one run, whatever the answer takes."""
    world = World(tools={"commerce.orders.get": after(0.6)})
    result = sandbox_server.call(native(TWO_READS, READ), "reply", {}, world)
    assert (text_of(result), result.runs) == ("1 2", 1)
    assert result.elapsed_ms >= 1_190
    kept = [[(entry.path, entry.answer is None) for entry in saved] for saved in world.saved]
    assert kept == [
        [("1", False), ("2", True)],
        [("1", False), ("2", False), ("3", True)],
    ], "what was answered is durable while it waits"


def test_that_many_calls_share_one_process(sandbox_server: SandboxServer) -> None:
    async def run() -> None:
        world, all_here = World(), asyncio.Event()
        world.tools = {"commerce.orders.get": until(all_here)}
        host = await started(world)
        body = (
            "import os\nawait host.tool('commerce.orders.get', order_id='1')\nreturn str(id(host))"
        )
        call = native(body, READ, limits=PATIENT)
        calls = [asyncio.create_task(host.call(call)) for _ in range(100)]
        while len(world.tool_calls) < 100:  # they wait together
            await asyncio.sleep(0.02)
        all_here.set()
        assert {result.outcome for result in await asyncio.gather(*calls)} == {Outcome.OK}
        assert len(host.native_pids) == 1
        await host.close()

    asyncio.run(run())


def test_that_a_call_that_finds_no_thread_ends_in_time(sandbox_server: SandboxServer) -> None:
    """Functions that are not `async` wait on 32 threads; what is too late is never begun."""

    async def run() -> None:
        world, enough = World(), asyncio.Event()
        world.tools = {"commerce.orders.get": until(enough)}
        host = await started(world)
        body = "host.tool('commerce.orders.get', order_id='1')\nreturn 'ok'"
        await host.call(native(body, kind="def"))
        limits = msgspec.structs.replace(PROCESS_LIMITS, deadline_ms=1_500)
        call = native(body, READ, kind="def", limits=PATIENT)
        short = msgspec.structs.replace(call, limits=limits)
        holding = [asyncio.create_task(host.call(call)) for _ in range(32)]
        while len(world.tool_calls) < 32:
            await asyncio.sleep(0.02)
        late = await host.call(short)
        assert late.outcome is Outcome.TIMED_OUT, late
        assert len(late.journal) == 1, "it asked for nothing"
        enough.set()
        assert {result.outcome for result in await asyncio.gather(*holding)} == {Outcome.OK}
        await host.close()

    asyncio.run(run())


def test_that_no_two_installations_share_a_process(sandbox_server: SandboxServer) -> None:
    """Module state is one installation's own: no other tenant or installation ever sees it."""
    call = native("seen.append(turn.text)\nreturn repr(seen)", head="seen = []")

    def say(text: str, *owner: str) -> str:
        return text_of(sandbox_server.call(of(call, *owner), "reply", {"text": text}))

    assert say("a", "one") == "['a']"
    assert say("b", "two") == "['b']"
    assert say("c", "one", "other") == "['c']"
    assert say("d", "one") == "['a', 'd']", "its own process is still warm"


def test_that_wheels_in_the_artifact_are_importable(sandbox_server: SandboxServer) -> None:
    name, wheel = wheel_of("msgspec")
    tiny, pure = small_wheel("tinydep", {"tinydep/__init__.py": "WORD = 'tiny'\n"})
    body = "import msgspec, tinydep\nreturn msgspec.json.encode([tinydep.WORD]).decode()"
    files = {f"wheels/{name}": wheel, f"wheels/{tiny}": pure}
    assert text_of(sandbox_server.call(native(body, files=files), "reply", {})) == '["tiny"]'


def test_that_the_hosts_own_packages_are_not_there(sandbox_server: SandboxServer) -> None:
    body = "import msgspec\nreturn 'found'"
    result = sandbox_server.call(native(body), "reply", {})
    assert result.outcome is Outcome.TRAPPED
    assert "No module named 'msgspec'" in result.detail


def test_that_randomness_is_the_same_in_the_second_run() -> None:
    """A killed process costs a run; what it drew at random is drawn again."""

    async def run() -> None:
        world = World(tools={"commerce.orders.get": after(0.5)})
        host = await started(world)
        body = """
        import os, random, secrets, uuid
        drawn = [random.random(), random.gauss(0, 1), str(uuid.uuid4()), secrets.token_hex(4),
                 os.urandom(4).hex(), random.sample(range(100), 3), random.SystemRandom().random()]
        await host.remember('drawn', drawn)
        await host.tool('commerce.orders.get', order_id='1')
        return repr(drawn)
        """
        call = asyncio.create_task(host.call(native(body, READ, "memory:contact.write")))
        while not world.tool_calls:
            await asyncio.sleep(0.02)
        os.kill(host.native_pids[0], signal.SIGKILL)
        result = await call
        assert text_of(result) == repr(world.facts["drawn"])
        assert len(world.tool_calls) == 1, "the open call is waited for, not made again"
        other = await host.call(native(body, READ, "memory:contact.write"))
        assert text_of(other) != text_of(result)
        await host.close()

    asyncio.run(run())


def test_that_a_killed_process_repeats_no_write() -> None:
    async def run() -> None:
        world = World(tools={"commerce.orders.get": after(0.5), "commerce.orders.cancel": after(0)})
        host = await started(world)
        body = "await host.tool('commerce.orders.cancel', order_id='9', reason='x')\n" + TWO_READS
        calls = [asyncio.create_task(host.call(native(body, READ, *WRITE))) for _ in range(4)]
        while len(world.tool_calls) < 8:
            await asyncio.sleep(0.02)
        os.kill(host.native_pids[0], signal.SIGKILL)
        assert {text_of(result) for result in await asyncio.gather(*calls)} == {"1 2"}
        assert sum(call[0] == "commerce.orders.cancel" for call in world.tool_calls) == 4
        assert len(world.tool_calls) == 12
        await host.close()

    asyncio.run(run())


def test_that_a_resumed_turn_is_served_its_recorded_answers(sandbox_server: SandboxServer) -> None:
    """The host itself was restarted: recorded answers come back, and nothing is asked again."""
    world = World(tools={"commerce.orders.get": after(0)})
    first = sandbox_server.call(native(TWO_READS, READ), "reply", {}, world)
    again = World()
    call = native(TWO_READS, READ)
    result = sandbox_server.call(call, "reply", {}, again, recorded=first.journal)
    assert text_of(result) == "1 2"
    assert (result.journal, again.tool_calls) == (first.journal, [])


def test_that_closing_ends_held_calls_as_suspended() -> None:
    """What was answered is kept: after the restart only the open call is made again."""

    async def run() -> None:
        slow = {"commerce.orders.get": lambda a: after(0 if a["order_id"] == "1" else 20)(a)}
        world = World(tools=slow)
        host = await started(world)
        call = asyncio.create_task(host.call(native(TWO_READS, READ)))
        while len(world.tool_calls) < 2:
            await asyncio.sleep(0.02)
        await host.close()
        result = await call
        assert result.outcome is Outcome.SUSPENDED, result
        kept = world.saved[-1]
        assert [(entry.path, entry.answer is None) for entry in kept] == [
            ("1", False),
            ("2", False),
            ("3", True),
        ]
        again = World(tools={"commerce.orders.get": after(0)})
        second = await started(again)
        resumed = msgspec.structs.replace(native(TWO_READS, READ), recorded=tuple(kept))
        assert text_of(await second.call(resumed)) == "1 2"
        assert [arguments["order_id"] for _, arguments, _ in again.tool_calls] == ["2"]
        await second.close()

    asyncio.run(run())


def test_that_another_request_in_the_second_run_is_named(sandbox_server: SandboxServer) -> None:
    world = World(tools={"commerce.orders.get": after(0)})
    first = sandbox_server.call(native(TWO_READS, READ), "reply", {}, world)
    other = native(TWO_READS.replace("order_id='2'", "order_id='3'"), READ)
    result = sandbox_server.call(other, "reply", {}, World(), recorded=first.journal)
    assert result.outcome is Outcome.NONDETERMINISTIC
    assert "call 3 was tool.call" in result.detail


def test_that_what_is_asked_at_once_is_answered_in_order(sandbox_server: SandboxServer) -> None:
    body = """
    import asyncio
    asked = [host.tool('commerce.orders.get', order_id=str(n)) for n in range(20)]
    return ' '.join([answer.id for answer in await asyncio.gather(*asked)])
    """
    world = World(tools={"commerce.orders.get": after(0)})
    result = sandbox_server.call(native(body, READ), "reply", {}, world)
    assert text_of(result) == " ".join(map(str, range(20)))


def test_that_a_plugin_may_stop_waiting(sandbox_server: SandboxServer) -> None:
    """A vendor's client has a timeout of its own: it goes on, and the call ends when it does."""
    body = """
    import asyncio
    try:
        async with asyncio.timeout(0.2):
            await host.tool('commerce.orders.get', order_id='1')
    except TimeoutError:
        return 'gave up'
    """
    world = World(tools={"commerce.orders.get": after(600)})
    limits = msgspec.structs.replace(PROCESS_LIMITS, deadline_ms=50_000)
    result = sandbox_server.call(native(body, READ, limits=limits), "reply", {}, world)
    assert text_of(result) == "gave up"
    assert result.elapsed_ms < 50_000, "the call did not last as long as what it had asked for"


def test_that_a_native_connector_serves_a_native_agent() -> None:
    async def run() -> None:
        source = """
from hyperpersonal_sdk import *
plugin = Connector()

@plugin.tool("commerce.orders.get")
async def get(host, order_id):
    await host.now()
    return {"id": order_id, "status": host.config["word"]}

@plugin.tool("commerce.orders.cancel", write=True)
def cancel(host, order_id, reason, idempotency_key):
    raise ToolFailedError("invalid", f"too late for {order_id}")
"""
        shop = native_files({"p/__init__.py": source.encode()})

        async def serve(tool: str, arguments: dict[str, Any]) -> HostAnswer:
            asked = {"tool": tool, "arguments": arguments, "idempotency_key": "k"}
            payload = msgspec.json.encode({**asked, "config": {"word": "sent"}})
            scope = msgspec.structs.replace(shop.scope, path="2", installation_id="shop")
            call = msgspec.structs.replace(shop, hook="call_tool", payload=payload, scope=scope)
            result = await host.call(call)
            assert result.outcome is Outcome.OK, result
            return HostAnswer(result.value)

        host = await started(World(tools=serve))
        body = """
        order = await host.tool('commerce.orders.get', order_id='1')
        try:
            await host.tool('commerce.orders.cancel', order_id='1', reason='x')
        except ToolFailedError as error:
            return f'{order.status}, {error.message}'
        """
        result = await host.call(native(body, READ, *WRITE))
        assert text_of(result) == "sent, too late for 1"
        assert len(host.native_pids) == 2
        await host.close()

    asyncio.run(run())


def test_that_print_is_a_line_of_its_own_calls_log(sandbox_server: SandboxServer) -> None:
    body = """
    import sys
    print('one', turn.text)
    print('two', file=sys.stderr)
    host.log('three', level='warn')
    for n in range(100):
        print(n)
    return 'ok'
    """
    result = sandbox_server.call(native(body), "reply", {"text": "x"})
    assert result.logs[:3] == ("info: one x", "error: two", "warn: three")
    assert len(result.logs) == PROCESS_LIMITS.log_lines + 1
    assert result.logs[-1] == "warn: 39 more lines were dropped"


def test_that_a_plugin_that_does_not_load_says_why(sandbox_server: SandboxServer) -> None:
    result = sandbox_server.call(native("return 'x'", head="import nowhere"), "reply", {})
    assert result.outcome is Outcome.TRAPPED
    assert "No module named 'nowhere'" in result.detail
    assert "p/__init__.py:3" in result.detail


def test_that_a_guard_may_be_asynchronous(sandbox_server: SandboxServer) -> None:
    source = b"""
from hyperpersonal_sdk import *
plugin = Guard()

@plugin.review
async def review(ask, host):
    return None if ask.reply.text == "fine" else "not fine"
"""
    call = native_files({"p/__init__.py": source})

    def verdict(text: str) -> str:
        asked = {"question": "?", "reply": {"text": text}}
        value = sandbox_server.call(call, "review_reply", asked).value
        return str(msgspec.json.decode(value)["verdict"])

    assert (verdict("fine"), verdict("bad")) == ("pass", "hold")
