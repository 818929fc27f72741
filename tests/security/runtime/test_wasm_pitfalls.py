"""One test for each way in which the WebAssembly binding was seen to hurt its host."""

import asyncio
import json
import re
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import hyperpersonal_sdk
import pytest
from fakes.components import component
from fakes.plugins import agent
from hyperpersonal_runtime.calls import Limits
from hyperpersonal_runtime.frames import FOREIGN
from hyperpersonal_runtime.guest_build import ensure_guest
from hyperpersonal_runtime.testing import SandboxServer, World, default_cache
from hyperpersonal_runtime.wasm.engine import precompile
from hyperpersonal_runtime.wasm.guest import Guest, GuestEnd
from hyperpersonal_runtime.wasm.guests import Guests
from hyperpersonal_sdk.contract.outcomes import Outcome

SOURCE = """
from hyperpersonal_sdk import *
plugin = Plugin()

@plugin.hook("ask")
def ask(payload, host):
    try:
        return host.call("a.b", text=payload.text).to_json()
    except HostCallFailedError as error:
        return [error.kind, error.message]

@plugin.hook("look")
def look(payload, host):
    import os, time
    return [os.urandom(8).hex(), time.time(), payload.text]
"""


class Calls:
    """A world whose answers may break."""

    payload_bytes_max = 1 << 20

    def __init__(self, answer: Callable[[str], tuple[str, str]]) -> None:
        self._answer = answer

    def host_call(self, name: str, payload: str) -> tuple[str, str]:
        return self._answer(payload)

    def log(self, level: str, text: str) -> None:
        raise RuntimeError("the log is broken too")

    def clock_ns(self) -> int:
        raise asyncio.CancelledError

    def random_bytes(self, count: int) -> bytes:
        raise KeyboardInterrupt

    def why_stop(self) -> str:
        return ""


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest(ensure_guest(default_cache()))


@pytest.fixture(scope="module")
def code(guest: Guest) -> str:
    request = json.dumps({"op": "compile", "files": {"p/__init__.py": SOURCE}})
    return guest.run(request, Calls(lambda _: ("", "")), 64 << 20, 1 << 20).text


def ask(guest: Guest, code: str, calls: Calls, hook: str = "ask", text: str = "q") -> GuestEnd:
    request = f'{{"op":"call","hook":"{hook}","entry":"p","modules":{code},"payload":'
    return guest.run(request + json.dumps({"text": text}) + "}", calls, 64 << 20, 1 << 20)


def broken(payload: str) -> tuple[str, str]:
    raise RuntimeError(f"a secret of {payload}")


def cancelled(_payload: str) -> tuple[str, str]:
    raise asyncio.CancelledError("a secret")


def wrong_type(_payload: str) -> tuple[str, str]:
    return 1, None  # type: ignore[return-value]


@pytest.mark.parametrize("answer", [broken, cancelled, wrong_type])
def test_that_nothing_raised_in_a_host_call_reaches_anybody(
    guest: Guest, code: str, answer: Callable[[str], tuple[str, str]]
) -> None:
    """Pitfalls 1 and 2: an exception crosses threads, a BaseException ends the process."""
    end = ask(guest, code, Calls(answer))
    assert json.loads(end.text) == ["failed", "the host could not serve this call"]


def test_that_threads_never_get_each_others_errors_or_answers(guest: Guest, code: str) -> None:
    """Pitfalls 1 and 9: many threads at once, half of them with broken host calls."""
    wrong: list[str] = []

    def work(name: str, calls: Calls, expected: object) -> None:
        for _ in range(10):
            end = ask(guest, code, calls, text=name)
            if end.trap or json.loads(end.text) != expected:
                wrong.append(f"{name}: {end}")

    failed = ["failed", "the host could not serve this call"]
    threads = [
        threading.Thread(target=work, args=(f"t{n}", Calls(answer), expected))
        for n in range(4)
        for answer, expected in ((broken, failed), (lambda p: ("", p), {"text": f"t{n}"}))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


START_LOOPS = """(core module $more (func $f (loop (br 0))) (start $f))
  (core instance (instantiate $more))"""


class Endless(Calls):
    """Lets a guest go on until the test has seen enough."""

    def __init__(self) -> None:
        super().__init__(broken)
        self.inside, self.enough = threading.Event(), threading.Event()

    def why_stop(self) -> str:
        self.inside.set()
        return "enough" if self.enough.is_set() else ""


def test_that_a_component_that_never_comes_to_be_holds_up_nobody(tmp_path: Path) -> None:
    """Pitfall 9: our own instances are made one at a time; an author's own code runs in theirs."""
    source = tmp_path / "x.wasm"
    source.write_bytes(component(more=START_LOOPS))
    precompile(source, tmp_path / f"{FOREIGN}-x.cwasm")
    (tmp_path / "shared.cwasm").symlink_to(ensure_guest(default_cache()).resolve())
    guests, calls = Guests(tmp_path / "shared.cwasm"), Endless()
    foreign, ends = guests.get(f"{FOREIGN}-x.cwasm"), list[GuestEnd]()
    run = partial(foreign.run, "{}", calls, 64 << 20, 1 << 20)
    thread = threading.Thread(target=lambda: ends.append(run()))
    thread.start()
    assert calls.inside.wait(60)
    compiled = guests.get("").run('{"op":"compile","files":{}}', Calls(broken), 64 << 20, 1 << 20)
    assert (compiled.text, ends) == ("{}", []), "the other one is still being made"
    calls.enough.set()
    thread.join(60)
    assert ends[0].trap.strip() == "enough"


def test_that_clock_and_random_may_break_too(guest: Guest, code: str) -> None:
    end = ask(guest, code, Calls(broken), hook="look")
    assert end.trap or json.loads(end.text)[1] == 0


def test_that_no_wasi_context_is_needed_and_none_is_given() -> None:
    """Pitfall 3: the ready-made WASI without a context aborts the process; it also sees files."""
    wasm = Path(hyperpersonal_sdk.__file__).parents[2] / "runtime/hyperpersonal_runtime/wasm"
    sources = "\n".join(path.read_text() for path in wasm.glob("*.py"))
    assert not re.search(r"add_wasip2|add_wasi_http|set_wasi|WasiConfig", sources)


@pytest.mark.parametrize(
    "body",
    [
        "import time; time.sleep(600)",
        "import threading; threading.Event().wait(600)",
        "import select; select.select([], [], [], 600)",
        "import asyncio; asyncio.run(asyncio.sleep(600))",
    ],
)
def test_that_no_guest_can_block_a_thread(sandbox_server: SandboxServer, body: str) -> None:
    """Pitfall 4: the epoch does not end a blocking call, so there is none to make."""
    result = sandbox_server.call(agent(body), "reply", {})
    assert result.outcome in (Outcome.TRAPPED, Outcome.TIMED_OUT)
    assert result.elapsed_ms < Limits().deadline_ms, "it was not its deadline that ended it"


def later(_arguments: dict[str, object]) -> object:
    async def answer() -> dict[str, str]:
        await asyncio.sleep(0.4)
        return {"id": "#W1"}

    return answer()


def test_that_waiting_for_the_host_costs_a_guest_no_budget(sandbox_server: SandboxServer) -> None:
    """The epoch counts wall time: without care a guest dies on its return from a slow call."""
    limits = Limits(guest_cpu_ms=200, inline_wait_ms=5_000)
    body = "return host.tool('commerce.orders.get', order_id='1').id"
    call = agent(body, "tool:commerce.orders.read", limits=limits)
    world = World(tools={"commerce.orders.get": later})
    result = sandbox_server.call(call, "reply", {}, world)
    assert (result.outcome, result.runs) == (Outcome.OK, 1), result
    looping = agent(body.replace("return", "x =") + "\nwhile True: pass",
                    "tool:commerce.orders.read", limits=limits)  # fmt: skip
    assert sandbox_server.call(looping, "reply", {}, world).outcome is Outcome.TIMED_OUT


def test_that_the_world_speaks_in_strings() -> None:
    """Pitfall 5: lists of bytes cost 1.45 us a byte."""
    wit = (Path(hyperpersonal_sdk.__file__).parent / "wit/v1/plugin.wit").read_text()
    assert "list<" not in wit
    assert "string" in wit


def test_that_starting_asks_for_no_randomness(guest: Guest, code: str) -> None:
    """Reseeding the generator at every start would cost 2.5 KB through a list of bytes."""
    asked: list[int] = []
    calls = Calls(lambda payload: ("", payload))
    calls.random_bytes = lambda count: asked.append(count) or b""  # type: ignore[method-assign,func-returns-value,assignment]
    assert ask(guest, code, calls).case == ""
    assert asked == []
