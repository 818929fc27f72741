"""What a plugin's requests may reach and bring back: redirects, streams, tricks with URLs."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from fakes.plugins import agent
from fakes.web_server import WebServer, answer, web_server
from hyperpersonal_runtime.calls import CallResult, Limits
from hyperpersonal_runtime.testing import SandboxServer, World
from hyperpersonal_sdk.contract.outcomes import Outcome

KEY = "sk-canary-77aa11"
SECRETS = {"Authorization": f"Bearer {KEY}"}


async def told(head: bytes, writer: asyncio.StreamWriter) -> None:
    """/to?URL redirects there with the status in the path's second part; /bytes has all bytes."""
    path = head.split(b" ")[1].decode()
    if path.startswith("/to/"):
        status, _, url = path.removeprefix("/to/").partition("?")
        writer.write(answer(b"", f"location: {url}", status=f"{status} Moved"))
    elif path == "/bytes":
        writer.write(answer(bytes(range(256)) + KEY.encode()))
    elif path == "/slow":
        await _in_pieces(writer)
    elif path == "/cut":
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nthe beginning")
        await writer.drain()
        writer.close()
    elif path == "/silent":
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n")
        await asyncio.sleep(600)
    else:
        writer.write(answer(head.split(b"\r\n")[0]))


PIECES = ["data: h\u00e9", "llo ", KEY[:7], KEY[7:], " \u20ac\n\n", "[DONE]"]


async def _in_pieces(writer: asyncio.StreamWriter) -> None:
    """Cut also within characters and within the credential."""
    data = "".join(PIECES).encode()
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    for at in range(0, len(data), 3):
        part = data[at : at + 3]
        writer.write(b"%x\r\n%s\r\n" % (len(part), part))
        await writer.drain()
        await asyncio.sleep(0.004)
    writer.write(b"0\r\n\r\n")


@pytest.fixture
async def site() -> AsyncIterator[WebServer]:
    async with web_server(told) as server:
        yield server


@pytest.fixture
async def other() -> AsyncIterator[WebServer]:
    async with web_server(told) as server:
        yield server


async def run(server: SandboxServer, body: str, *grants: str, world: World) -> CallResult:
    source = f"import json\n{body}"
    return await asyncio.to_thread(server.call, agent(source, *grants), "reply", {}, world)


async def fetch(server: SandboxServer, ask: dict[str, Any], *grants: str, **world: Any) -> Any:
    body = f"return json.dumps(host.call('http.fetch', **{ask!r}).to_json())"
    return said(await run(server, body, *grants, world=World(**world)))


def said(result: CallResult) -> Any:
    assert result.outcome is Outcome.OK, result
    return msgspec.json.decode(msgspec.json.decode(result.value)["text"])


async def test_that_redirects_are_followed_as_often_as_asked(
    sandbox_server: SandboxServer, site: WebServer
) -> None:
    ask = {"url": f"{site.url}/to/302?/to/301?/end", "redirects": 2}
    answered = await fetch(sandbox_server, ask, f"http:GET {site.url}/*")
    assert (answered["status"], answered["body"]) == (200, "GET /end HTTP/1.1")
    answered = await fetch(sandbox_server, ask | {"redirects": 1}, f"http:GET {site.url}/*")
    assert (answered["status"], answered["headers"]["location"]) == (301, "/end")


async def test_that_a_redirect_is_checked_against_the_grant(
    sandbox_server: SandboxServer, site: WebServer, other: WebServer
) -> None:
    grant = f"http:GET {site.url}/to/*"
    for target in (
        f"{other.url}/x", "http://10.0.0.7/x", "http://169.254.169.254/latest", "//evil.example/x",
        "http://127.1/x", "file:///etc/passwd", "/a/../../b", "/%2e%2e/x", "http://u@127.0.0.1/",
    ):  # fmt: skip
        body = f"host.call('http.fetch', url='{site.url}/to/302?{target}', redirects=5)"
        result = await run(sandbox_server, body, grant, world=World())
        assert result.outcome is Outcome.REFUSED, (target, result)
        assert "not granted" in result.detail
    assert other.requests == []


async def test_that_no_credential_goes_to_another_origin(
    sandbox_server: SandboxServer, site: WebServer, other: WebServer
) -> None:
    """Neither the host's nor what the plugin itself may have put into headers."""

    def secrets(url: str) -> dict[str, str]:
        return SECRETS if url.startswith(f"{site.url}/") else {}

    ask = {"url": f"{site.url}/to/307?{other.url}/x", "redirects": 1,
           "headers": {"X-Token": "mine-1", "Cookie": "mine-2", "Accept": "text/html"}}  # fmt: skip
    grants = [f"http:GET {one.url}/*" for one in (site, other)]
    answered = await fetch(sandbox_server, ask, *grants, secrets=secrets)
    assert answered["status"] == 200
    assert KEY in site.requests[0]
    (seen,) = other.requests
    assert KEY not in seen
    assert "mine" not in seen
    assert "accept: text/html" in seen


@pytest.mark.parametrize(
    ("status", "line", "body"),
    [
        (301, "GET", ""),
        (302, "GET", ""),
        (303, "GET", ""),
        (307, "POST", "x"),
        (308, "POST", "x"),
    ],
)
async def test_that_methods_change_as_they_should(
    sandbox_server: SandboxServer, site: WebServer, status: int, line: str, body: str
) -> None:
    ask = {"url": f"{site.url}/to/{status}?/end", "redirects": 1, "method": "POST", "body": "x"}
    grants = (f"http:GET|POST {site.url}/*",)
    answered = await fetch(sandbox_server, ask, *grants)
    assert answered["body"] == f"{line} /end HTTP/1.1"
    assert site.requests[1].endswith(f"\r\n\r\n{body}")
    result = await run(
        sandbox_server, f"host.call('http.fetch', **{ask!r})", f"http:POST {site.url}/to/*",
        world=World(),
    )  # fmt: skip
    assert result.outcome is Outcome.REFUSED


TRICKS = [
    "http://{host}@evil.example/", "http://evil.example\\@{host}/", "http://{host}\\.evil.example/",
    "http://{host}/open/../closed", "http://{host}/open/%2e%2e/closed", "http://{host}/open/..;/x",
    "http://{host}/open/%252e%252e/x", "http://{host}/open//x", "http://{host}/open/%2Fx",
    "http://{host}/open/%5c..%5cx", "http://{host}/open/%00", "http://{host}/open/%0d%0aX: y",
    "http://{host}/open/x y", "http://{host}/open/\r\nX: y", "http://{host}/open/\u2025/x",
    "http://{host}/open/%c0%ae%c0%ae/", "http://{host}/open/x#y", "http://{host}/open?x=\u00e9",
    "http://\uff11\uff12\uff17.0.0.1/open/", "http://\u24d4vil.example/", "http://127.1/open/",
    "http://2130706433/open/", "http://0x7f000001/open/", "http://0177.0.0.1/open/",
    "http://127.0.0.1./open/", "http://[::1]/open/", "http://[::ffff:127.0.0.1]/open/",
    "http://{host}:80/open/", "http://{host}:0/open/", "HTTP://{host}/open/", "//{host}/open/",
    "http:/{host}/open/", "https://{host}/open/", "ftp://{host}/open/", "http://localhost/open/",
    "http:///open/", "", "http://{host}/" + "x" * 3_000, "http://{host}/open/%zz",
]  # fmt: skip


async def test_that_no_trick_with_a_url_leaves(
    sandbox_server: SandboxServer, site: WebServer
) -> None:
    host = site.url.removeprefix("http://")
    asks = [trick.format(host=host) for trick in TRICKS]
    body = f"""
told = []
for url in {asks!r}:
    try:
        host.call('http.fetch', url=url)
        told.append('sent ' + url)
    except Exception as error:
        told.append(error.kind)
return json.dumps(told)
"""
    kinds = said(await run(sandbox_server, body, f"http:GET {site.url}/open/*", world=World()))
    assert dict(zip(asks, kinds, strict=True)) == dict.fromkeys(asks, "denied")
    assert site.requests == []


async def test_that_bytes_go_both_ways(sandbox_server: SandboxServer, site: WebServer) -> None:
    sent = bytes(range(256))
    ask = {"url": f"{site.url}/bytes", "method": "POST", "binary": True,
           "body_base64": base64.b64encode(sent).decode()}  # fmt: skip
    answered = await fetch(sandbox_server, ask, f"http:POST {site.url}/*", secrets=SECRETS)
    assert base64.b64decode(answered["body_base64"]) == sent + b"[credential]"
    assert site.requests[0].split("\r\n\r\n", 1)[1].encode("latin-1") == sent


@pytest.mark.parametrize(
    "more",
    [{"body_base64": "!"}, {"body": "x", "body_base64": "eA=="}, {"redirects": 6},
     {"redirects": -1}, {"timeout_ms": 0}, {"timeout_ms": 10**7}, {"proxy": "http://x"}],
)  # fmt: skip
async def test_that_what_makes_no_sense_is_invalid(
    sandbox_server: SandboxServer, site: WebServer, more: dict[str, Any]
) -> None:
    body = f"host.call('http.fetch', url='{site.url}/x', **{more!r})"
    result = await run(sandbox_server, body, f"http:GET {site.url}/*", world=World())
    assert (result.outcome, result.detail[:8]) == (Outcome.REFUSED, "invalid:"), result
    assert site.requests == []


READ_ALL = """
opened = host.call("http.open", url=URL, method="GET")
parts, done = [], False
while not done:
    part = host.call("http.read", stream=opened.stream, bytes_max=BYTES)
    parts.append(part.body)
    done = part.done
after = host.call("http.read", stream=opened.stream)
host.call("http.close", stream=opened.stream)
return json.dumps([opened.status, parts, after.to_json()])
"""


@pytest.mark.parametrize("bytes_max", [4, 7, 65_536])
async def test_that_a_stream_is_read_as_it_comes(
    sandbox_server: SandboxServer, site: WebServer, bytes_max: int
) -> None:
    body = READ_ALL.replace("URL", f"'{site.url}/slow'").replace("BYTES", str(bytes_max))
    result = await run(sandbox_server, body, f"http:GET {site.url}/*", world=World(secrets=SECRETS))
    status, parts, after = said(result)
    assert (status, after) == (200, {"body": "", "done": True})
    assert "".join(parts) == "data: h\u00e9llo [credential] \u20ac\n\n[DONE]"
    assert all(len(part.encode()) <= bytes_max for part in parts)
    assert all(parts[:-1]), "every read but the last gives something"
    assert KEY not in str(result)
    assert len(parts) < 40


async def test_that_a_cut_stream_says_so(sandbox_server: SandboxServer, site: WebServer) -> None:
    body = READ_ALL.replace("URL", f"'{site.url}/cut'").replace("BYTES", "65536")
    result = await run(sandbox_server, body, f"http:GET {site.url}/*", world=World())
    assert result.outcome is Outcome.REFUSED or "the answer was cut" in result.detail, result
    reads = [entry for entry in result.journal if entry.name == "http.read"]
    assert '"body":"the beginning"' in str(reads[0].answer)
    assert "the answer was cut" in str(reads[1].answer)


async def test_that_a_stream_of_another_process_is_cut(
    sandbox_server: SandboxServer, site: WebServer
) -> None:
    """The run that opened it is recorded; the process that held it is gone."""
    body = READ_ALL.replace("URL", f"'{site.url}/slow'").replace("BYTES", "4")
    call = agent(f"import json\n{body}", f"http:GET {site.url}/*")
    first = await asyncio.to_thread(sandbox_server.call, call, "reply", {}, World())
    recorded = first.journal[:3]
    assert [entry.name for entry in recorded] == ["http.open", "http.read", "http.read"]
    again = msgspec.structs.replace(call, recorded=recorded)
    second = await asyncio.to_thread(sandbox_server.call, again, "reply", {}, World())
    assert "the stream was cut" in second.detail
    assert len(site.requests) == 1
    assert second.journal[:3] == recorded


async def test_that_streams_are_bounded_and_end_with_their_hook(
    sandbox_server: SandboxServer, site: WebServer
) -> None:
    body = f"for n in range(20): host.call('http.open', url='{site.url}/silent')"
    result = await run(sandbox_server, body, f"http:GET {site.url}/*", world=World())
    assert result.outcome is Outcome.OVER_LIMIT
    assert result.detail == "at most 8 open streams"
    assert len(site.requests) == 8


@pytest.mark.parametrize("stream", ["1", "", "3.1"])
async def test_that_a_stream_nobody_opened_is_none(
    sandbox_server: SandboxServer, stream: str
) -> None:
    result = await run(sandbox_server, f"host.call('http.read', stream='{stream}')", world=World())
    assert "the stream was cut" in result.detail


async def test_that_bytes_of_a_turn_are_counted(
    sandbox_server: SandboxServer, site: WebServer
) -> None:
    body = f"""
for n in range(49):
    host.call('http.open', url='{site.url}/x', method='POST', body='x' * 250_000)
    host.call('http.close', stream=str(2 * n + 1))
return 'done'
"""
    limits = Limits(inline_wait_ms=5_000, deadline_ms=50_000)
    call = agent(f"import json\n{body}", f"http:POST {site.url}/*", limits=limits)
    world = World()
    result = await asyncio.to_thread(sandbox_server.call, call, "reply", {}, world)
    sent = sum(entry.cost.get("bytes_out", 0) for entry in result.journal)
    assert result.outcome is Outcome.OK
    assert sent == 49 * 250_000
    more = msgspec.structs.replace(call, recorded=tuple(
        msgspec.structs.replace(entry, path=f"agent2.{entry.path}") for entry in result.journal
    ))  # fmt: skip
    result = await asyncio.to_thread(sandbox_server.call, more, "reply", {}, world)
    assert result.outcome is Outcome.OVER_LIMIT, "another agent of the same turn"
