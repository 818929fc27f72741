"""Hostile native plugins: each ends in a typed outcome, and nobody else notices."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from fakes.native import native
from hyperpersonal_runtime.calls import PROCESS_LIMITS, CallResult, HookCall, Limits
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.testing import FakePorts, SandboxServer, World, default_cache
from hyperpersonal_sdk.contract.outcomes import Outcome

SHORT = msgspec.structs.replace(PROCESS_LIMITS, deadline_ms=1_000)
CPU = msgspec.structs.replace(PROCESS_LIMITS, guest_cpu_ms=100, deadline_ms=50_000)

# What a body may not get done: it says how it was refused.
REFUSED = {
    "files of the host": "open('/etc/shadow')",
    "files of the project": f"open({__file__!r})",
    "a process of its own": "os.fork()",
    "another program": "os.execv('/bin/true', ['true'])",
    "another program, spawned": "subprocess.run(['/bin/true'])",
    "a socket": "socket.create_connection(('127.0.0.1', 5432), 1)",
    "a name": "socket.getaddrinfo('example.com', 443)",
    "a socket of the machine": "socket.socket(socket.AF_UNIX).connect('/run/x')",
    "a file in its own folder": "open(os.path.dirname(__file__) + '/more.py', 'w')",
    "a file beside the SDK": "open(os.path.dirname(hyperpersonal_sdk.__file__) + '/x.py', 'w')",
    "another's memory": "open('/proc/1/mem', 'rb').read(1)",
    "a signal to its starter": "os.kill(os.getppid(), 9)",
    "a signal to itself": "os.kill(os.getpid(), 9)",
}
IMPORTS = "import os, socket, subprocess, hyperpersonal_sdk\n"


def text_of(result: CallResult) -> str:
    assert result.outcome is Outcome.OK, result
    return str(msgspec.json.decode(result.value)["text"])


@pytest.mark.parametrize("name", REFUSED)
def test_that_it_reaches_nothing(sandbox_server: SandboxServer, name: str) -> None:
    body = f"""
    try:
        {REFUSED[name]}
    except Exception as error:
        return type(error).__name__
    return 'done'
    """
    said = text_of(sandbox_server.call(native(body, head=IMPORTS), "reply", {}))
    assert said in {"PermissionError", "FileNotFoundError", "OSError", "gaierror"}


def test_that_the_weaker_wall_holds_as_well() -> None:
    """Where namespaces are missing, Landlock and the same filter refuse the same."""

    async def run() -> None:
        host = Host(default_cache(), workers=1, jail=find_jail("landlock"))
        await host.start(FakePorts(World()).ports())
        tries = [f"try: {what}\nexcept Exception as e: said.append(type(e).__name__)\n"
                 f"else: said.append({name!r})" for name, what in REFUSED.items()]  # fmt: skip
        body = "\n".join(["said = []", *tries, "return ' '.join(said)"])
        said = set(text_of(await host.call(native(body, head=IMPORTS))).split())
        assert said <= {"PermissionError", "FileNotFoundError", "OSError", "gaierror"}
        await host.close()

    asyncio.run(run())


def test_that_it_has_no_environment_and_no_standard_input(sandbox_server: SandboxServer) -> None:
    body = "import os, sys\nreturn f'{dict(os.environ)} {os.read(0, 10)}'"
    said = text_of(sandbox_server.call(native(body), "reply", {}))
    assert "HP_" not in said
    assert "HOME" not in said
    assert said.endswith("b''")


SEND = """
import json, os
from hyperpersonal_sdk.native.call import CURRENT
from hyperpersonal_sdk.native.wire import frame
send, number = CURRENT.get()._send, CURRENT.get().number
def flood(header, body):  # all at once, so that the host cannot keep up with it
    os.write(send.__self__._fd, frame(json.dumps(header).encode(), body) * 4000)
"""
BAD: dict[str, tuple[HookCall, Outcome, str]] = {
    "sleeps on the loop": (
        native("import time\ntime.sleep(60)", limits=SHORT), Outcome.TIMED_OUT, "did not stop"
    ),
    "sleeps on a thread": (
        native("import time\ntime.sleep(60)", limits=SHORT, kind="def"),
        Outcome.TIMED_OUT,
        "did not stop",
    ),
    "waits for nothing": (
        native("import asyncio\nawait asyncio.Event().wait()", limits=SHORT),
        Outcome.TIMED_OUT,
        "deadline",
    ),
    "swallows its end": (
        native(
            """
            import asyncio
            while True:
                try:
                    await asyncio.sleep(60)
                except BaseException:
                    pass
            """,
            limits=SHORT,
        ),
        Outcome.TIMED_OUT,
        "did not stop",
    ),
    "burns on the loop": (
        native("while True: pass", limits=CPU), Outcome.TIMED_OUT, "it was ended"
    ),
    "burns on a thread": (
        native("while True: pass", limits=CPU, kind="def"), Outcome.TIMED_OUT, "CPU"
    ),
    "burns in steps": (
        native("import asyncio\nwhile True: await asyncio.sleep(0)", limits=CPU),
        Outcome.TIMED_OUT,
        "100 ms of CPU",
    ),
    "exits": (native("import os\nos._exit(0)"), Outcome.TRAPPED, "2 workers ended"),
    "crashes in C": (
        native("import ctypes\nctypes.string_at(0)"),
        Outcome.TRAPPED,
        "2 workers ended",
    ),
    "raises SystemExit": (native("raise SystemExit(1)"), Outcome.TRAPPED, "SystemExit"),
    "fills its memory": (
        native("held = [b'x' * (1 << 20) for _ in range(2000)]\nreturn str(len(held))"),
        Outcome.OVER_LIMIT,
        "out of memory",
    ),
    "answers too much": (native("return 'x' * 100_000"), Outcome.OVER_LIMIT, "65536"),
    "answers what is no JSON": (native("return {1, 2}"), Outcome.TRAPPED, "not JSON serializable"),
    "asks too much": (
        native("await host.remember('k', 'x' * 300_000)", "memory:contact.write"),
        Outcome.OVER_LIMIT,
        "a request has at most 262144 bytes",
    ),
    "asks too often": (
        native("while True: await host.now()"), Outcome.OVER_LIMIT, "more than 1000 host calls"
    ),
    "asks for what is not": (native("await host.call('os.system')"), Outcome.REFUSED, "no host"),
    "writes to the wire": (
        native("import os\nfor fd in range(3, 1024):\n    try: os.write(fd, b'\\xff' * 64)\n"
               "    except OSError: pass\nawait host.now()"),
        Outcome.TRAPPED,
        "no frame",
    ),
    "claims an endless frame": (
        native("import os\nfor fd in range(3, 1024):\n    try: os.write(fd, b'\\x7f' * 8)\n"
               "    except OSError: pass\nawait host.now()"),
        Outcome.TRAPPED,
        "no frame",
    ),
    "asks without waiting": (
        native(SEND + "flood([12, number, 'clock.now'], b'{}')\nawait host.now()"),
        Outcome.OVER_LIMIT,
        "more than can be answered",
    ),
    "speaks of other calls": (
        native(SEND + "for _ in range(5000): send([13, 10**9, '', 0.0, []], '{}')\n"
               "await host.now()"),
        Outcome.TRAPPED,
        "calls it does not have",
    ),
    "closes the wire": (
        native("import os\nos.closerange(3, 1024)\nawait host.now()"), Outcome.TRAPPED, "2 workers"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_that_a_bad_native_plugin_ends_in_a_typed_outcome(
    sandbox_server: SandboxServer, name: str
) -> None:
    call, outcome, words = BAD[name]
    if call.limits is SHORT:  # its process is started before the short time begins
        warm = sandbox_server.call(call, "warm", {}, limits=PROCESS_LIMITS)
        assert warm.outcome is Outcome.REFUSED, warm
    result = sandbox_server.call(call, "reply", {})
    assert (result.outcome, words in result.detail) == (outcome, True), result
    neighbour = sandbox_server.call(native("return 'alive'"), "reply", {})
    assert text_of(neighbour) == "alive"


def test_that_what_it_writes_on_standard_output_is_nobodys(sandbox_server: SandboxServer) -> None:
    body = """
    import ctypes, os
    for fd in (1, 2):
        os.write(fd, b'\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\x00[]' * 1000)
    ctypes.CDLL(None).puts(b'from C')
    await host.now()
    return 'ok'
    """
    assert text_of(sandbox_server.call(native(body), "reply", {})) == "ok"


def test_that_an_answer_of_a_call_it_does_not_have_is_ignored(
    sandbox_server: SandboxServer,
) -> None:
    """A process may only end its own open calls: other numbers mean nothing."""
    body = """
    from hyperpersonal_sdk.native.call import CURRENT
    send = CURRENT.get()._send
    for number in (0, 999, -1):
        send([13, number, '', 0.0, []], '"forged"')
        send([12, number, 'clock.now'], '{}')
    send([14, 77], '')
    return 'ok'
    """
    result = sandbox_server.call(native(body), "reply", {})
    assert text_of(result) == "ok"
    assert [entry.name for entry in result.journal] == ["random.bytes"]


def test_that_an_end_said_twice_is_one_end(sandbox_server: SandboxServer) -> None:
    body = SEND + "for _ in range(3): send([13, number, '', 1e308, []], '{\"text\":\"forged\"}')"
    result = sandbox_server.call(native(body), "reply", {})
    assert text_of(result) == "forged", "its own call, so its own answer"
    assert result.guest_cpu_ms < 60_000, "its word for its CPU time is bounded by the clock"


def test_that_neighbours_in_other_processes_are_served_meanwhile() -> None:
    """Another installation of the same release goes on while the first loops and is ended."""

    async def together() -> None:
        host = Host(default_cache(), workers=1)
        await host.start(FakePorts(World()).ports())
        body = "while turn.text == 'loop': pass\nreturn 'fine'"

        def call(tenant: str, text: str) -> HookCall:
            made = native(body, limits=CPU)
            scope = msgspec.structs.replace(made.scope, tenant_id=tenant)
            payload = msgspec.json.encode({"text": text})
            return msgspec.structs.replace(made, scope=scope, payload=payload)

        bad = asyncio.create_task(host.call(call("bad", "loop")))
        while not bad.done():
            assert text_of(await host.call(call("good", "hello"))) == "fine"
            await asyncio.sleep(0.05)
        assert bad.result().outcome is Outcome.TIMED_OUT
        assert text_of(await host.call(call("bad", "hello"))) == "fine", "it is started again"
        await host.close()

    asyncio.run(together())


def test_that_a_process_that_dies_again_and_again_is_left_alone_for_a_while() -> None:
    async def run() -> None:
        host = Host(default_cache(), workers=1)
        await host.start(FakePorts(World()).ports())
        call = native("import os\nos._exit(1)")
        details = [(await host.call(call)).detail for _ in range(3)]
        assert details[0] == "2 workers ended while they ran this call"
        assert "crashed 3 times in a row" in details[-1]
        await host.close()

    asyncio.run(run())


@pytest.mark.parametrize("limits", [Limits(memory_mib=64), Limits(memory_mib=128)])
def test_that_memory_is_held_to_what_was_asked(
    sandbox_server: SandboxServer, limits: Limits
) -> None:
    """The address space ends with the limit: an allocation fails inside, and the call says so."""
    fill: Callable[[int], HookCall] = lambda mib: native(  # noqa: E731
        f"held = bytearray({mib} << 20)\nreturn str(len(held))", limits=limits
    )
    over = sandbox_server.call(fill(limits.memory_mib), "reply", {})
    assert over.outcome is Outcome.OVER_LIMIT
    within = sandbox_server.call(fill(8), "reply", {})
    assert text_of(within) == str(8 << 20)
