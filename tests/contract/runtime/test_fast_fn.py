"""What we use of wasmtime's private bindings does what we believe it does."""

import json
from importlib.metadata import version

import msgspec
import pytest
from hyperpersonal_runtime.guest_build import ensure_guest
from hyperpersonal_runtime.testing import default_cache
from hyperpersonal_runtime.wasm.guest import Guest, GuestEnd

MEBIBYTE = 1 << 20
SOURCE = """
from hyperpersonal_sdk import *
plugin = Plugin()

@plugin.hook("echo")
def echo(payload, host):
    return payload.text

@plugin.hook("ask")
def ask(payload, host):
    try:
        return {"ok": host.call("any.call", text=payload.text).to_json()}
    except HostCallFailedError as error:
        return {"kind": error.kind, "message": error.message}

@plugin.hook("log")
def log(payload, host):
    for level in ("debug", "info", "warn", "error"):
        host.log(payload.text, level)
"""
TEXTS = ["", "plain", "\u00e4\u20ac\U0001f600", "\x00nul\n", '"quoted" \\', "x" * 100_000]


class Calls:
    """A world that answers with one prepared answer and remembers what it saw."""

    payload_bytes_max = MEBIBYTE

    def __init__(self, case: str = "", text: str = "{}") -> None:
        self.answer = (case, text)
        self.seen: list[tuple[str, str]] = []
        self.stop = ""

    def host_call(self, name: str, payload: str) -> tuple[str, str]:
        self.seen.append((name, payload))
        return self.answer

    def log(self, level: str, text: str) -> None:
        self.seen.append((level, text))

    def clock_ns(self) -> int:
        return 1_700_000_000_123_456_000

    def random_bytes(self, count: int) -> bytes:
        return bytes(count)

    def why_stop(self) -> str:
        return self.stop


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest(ensure_guest(default_cache()))


@pytest.fixture(scope="module")
def code(guest: Guest) -> str:
    request = {"op": "compile", "files": {"p/__init__.py": SOURCE}}
    return '"entry":"p","modules":' + run(guest, Calls(), request).text


def run(guest: Guest, calls: Calls, request: object, output_bytes: int = MEBIBYTE) -> GuestEnd:
    text = request if isinstance(request, str) else msgspec.json.encode(request).decode()
    return guest.run(text, calls, 64 * MEBIBYTE, output_bytes)


def call(hook: str, text: str, code: str) -> str:
    return f'{{"op":"call","hook":"{hook}",{code},"payload":{json.dumps({"text": text})}}}'


def test_that_the_bindings_are_the_ones_we_know() -> None:
    assert version("wasmtime") == "50.0.1"


@pytest.mark.parametrize("text", TEXTS)
def test_that_strings_go_in_and_out_as_they_are(guest: Guest, code: str, text: str) -> None:
    end = run(guest, Calls(), call("echo", text, code))
    assert (end.case, end.trap) == ("", "")
    assert json.loads(end.text) == text


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("", '{"a":1}'),
        ("denied", "no"),
        ("not-found", "\u00e4"),
        ("invalid", ""),
        ("limit", "x" * 1000),
        ("unavailable", "later"),
        ("failed", "outside"),
    ],
)
def test_that_every_answer_reaches_the_guest(guest: Guest, code: str, case: str, text: str) -> None:
    calls = Calls(case, text)
    end = run(guest, calls, call("ask", "q", code))
    expected = {"kind": case, "message": text} if case else {"ok": json.loads(text)}
    assert json.loads(end.text) == expected
    assert calls.seen == [("any.call", '{"text": "q"}')]


def test_that_a_suspension_leaves_the_guest_as_one(guest: Guest, code: str) -> None:
    end = run(guest, Calls("suspended"), call("ask", "q", code))
    assert (end.case, end.text) == ("suspended", "")


def test_that_a_failure_of_the_guest_comes_out_with_its_words(guest: Guest, code: str) -> None:
    end = run(guest, Calls(), call("nothing", "", code))
    assert (end.case, end.text) == ("not-found", "this plugin has no hook nothing")


def test_that_log_lines_have_levels(guest: Guest, code: str) -> None:
    calls = Calls()
    run(guest, calls, call("log", "\u00e4", code))
    assert calls.seen == [(level, "\u00e4") for level in ("debug", "info", "warn", "error")]


def test_that_an_answer_over_the_bound_is_not_copied(guest: Guest, code: str) -> None:
    end = run(guest, Calls(), call("echo", "x" * 1000, code), output_bytes=100)
    assert (end.case, end.text) == ("limit", "the answer has 1002 bytes, 100 are allowed")


def test_that_a_request_over_the_bound_is_not_copied(guest: Guest, code: str) -> None:
    calls = Calls()
    calls.payload_bytes_max = 100
    end = run(guest, calls, call("ask", "x" * 1000, code))
    assert json.loads(end.text)["kind"] == "limit"
    assert calls.seen == []
