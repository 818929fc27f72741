"""A credential given to the host never comes to a plugin: not into its memory, its logs, its
journal or another host's request, whatever the shop that gets it says back."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from fakes.memory import holding
from fakes.native import native
from fakes.plugins import agent
from fakes.web_server import WebServer, answer, web_server
from hyperpersonal_runtime.calls import CallResult, HookCall, Limits
from hyperpersonal_runtime.egress.scrub import forms
from hyperpersonal_runtime.testing import SandboxServer, World
from hyperpersonal_sdk.contract.outcomes import Outcome

PATIENT = Limits(inline_wait_ms=50_000, deadline_ms=55_000)
BODY = """
import json
seen = [host.call("http.fetch", url=URL + "/echo").to_json()]
seen.append(host.call("http.fetch", url=URL + "/echo", binary=True).to_json())
seen.append(host.call("http.fetch", url=URL + "/away", redirects=2).to_json())
seen.append(host.call("http.fetch", url=OTHER + "/x").to_json())
opened = host.call("http.open", url=URL + "/echo")
seen.append(opened.to_json())
done = False
while not done:
    part = host.call("http.read", stream=opened.stream, bytes_max=16)
    seen.append(part.to_json())
    done = part.done
try:
    host.call("http.fetch", url=URL + "/cut")
except Exception as error:
    seen.append(repr(error) + str(vars(error)))
for line in json.dumps(seen).split(","):
    host.log(line[:200])
host.call("http.fetch", url=URL + "/dump", timeout_ms=50_000)
return json.dumps(seen)
"""


class Shop:
    """Says its credential back in every way it knows; at /dump it looks into the sandboxes."""

    def __init__(self) -> None:
        self.key = f"sk-{secrets.token_urlsafe(24)}"
        self.marker = f"marker-{secrets.token_hex(12)}"
        self.other = ""
        self.found: dict[bytes, set[str]] = {}
        self.dumped = 0

    async def told(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        path = head.split(b" ")[1].decode()
        if path == "/away":
            writer.write(answer(b"", f"location: {self.other}/y", status="302 Found"))
        elif path == "/cut":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n" + self._echo())
            await writer.drain()
            writer.close()
        elif path == "/dump":
            wanted = [*forms((f"Bearer {self.key}",)), self.marker.encode()]
            self.found = await asyncio.to_thread(holding, wanted)
            self.dumped += 1
            writer.write(answer(b"looked"))
        else:
            writer.write(answer(self._echo(), f"x-echo: {self.key}", f"x-two: Bearer {self.key}"))

    def _echo(self) -> bytes:
        key = self.key.encode()
        ways = [key, base64.b64encode(b"user:" + key), key.hex().encode(), quote(self.key).encode(),
                msgspec.json.encode({"authorization": f"Bearer {self.key}"})]  # fmt: skip
        return self.marker.encode() + b" | ".join(ways)


@pytest.fixture
async def shop() -> AsyncIterator[tuple[Shop, WebServer, WebServer]]:
    made = Shop()
    async with web_server(made.told) as site, web_server(answer(b"hello")) as other:
        made.other = other.url
        yield made, site, other


def plugin(kind: str, site: WebServer, other: WebServer) -> HookCall:
    body = f"URL, OTHER = {site.url!r}, {other.url!r}\n{BODY}"
    grants = [f"http:GET {one.url}/*" for one in (site, other)]
    if kind == "process":
        return native(body, *grants, kind="def", limits=PATIENT)
    return agent(body, *grants, limits=PATIENT)


def assert_absent(canary: str, shown: Any) -> None:
    text = repr(shown).encode()
    assert [form for form in forms((f"Bearer {canary}",)) if form in text] == []


@pytest.mark.parametrize("kind", ["python", "process"])
async def test_that_no_plugin_ever_has_it(
    sandbox_server: SandboxServer, shop: tuple[Shop, WebServer, WebServer], kind: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    seller, site, other = shop

    def given(url: str) -> dict[str, str]:
        here = url.startswith(site.url)
        return {"Authorization": f"Bearer {seller.key}"} if here else {}

    call = plugin(kind, site, other)
    result: CallResult = await asyncio.to_thread(
        sandbox_server.call, call, "reply", {}, World(secrets=given)
    )
    assert result.outcome is Outcome.OK, result
    assert seller.dumped == 1
    assert all(seller.key in request for request in site.requests), "it was sent where it belongs"
    assert len(other.requests) == 2
    assert_absent(seller.key, other.requests)
    assert_absent(seller.key, msgspec.json.decode(result.value))
    assert_absent(seller.key, (result.journal, result.logs, result.detail))
    assert_absent(seller.key, capfd.readouterr())
    held = seller.found.pop(seller.marker.encode(), set())
    assert held, "what the shop said is in the plugin's memory: so the look was a real one"
    assert seller.found == {}, "nothing of the credential is"


def test_that_a_process_is_searched(tmp_path: Any) -> None:
    """The look itself: a child that holds a text is found, one that does not is not."""
    import subprocess
    import sys

    wanted, absent = secrets.token_hex(20), secrets.token_hex(20)
    program = (
        "import sys; held = sys.stdin.readline(); print('ready', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(wanted + "\n")
    child.stdin.flush()
    child.stdout.readline()
    found = holding([wanted.encode(), absent.encode()])
    child.communicate()
    assert set(found) == {wanted.encode()}
