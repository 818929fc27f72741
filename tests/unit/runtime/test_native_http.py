"""Unmodified HTTP clients inside a native plugin speak through the host, whole or in pieces."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from fakes.native import native, wheel_of
from hyperpersonal_runtime.calls import CallResult, HookCall
from hyperpersonal_runtime.egress.streams import Stream
from hyperpersonal_runtime.testing import SandboxServer, World
from hyperpersonal_sdk.contract.outcomes import Outcome

NEEDED = ("httpx2", "httpcore2", "anyio", "idna", "h11", "truststore", "typing_extensions")
WHEELS = {f"wheels/{name}": data for name, data in map(wheel_of, NEEDED)}
STREAM_READ = Stream.read
HEAD = """
from httpx2 import AsyncClient, Client, ConnectError, ReadTimeout
from hyperpersonal_sdk.native.http import BlockingHostTransport, HostTransport
client = AsyncClient(transport=HostTransport(), trust_env=False)
blocking = Client(transport=BlockingHostTransport(), trust_env=False)
"""


class Pieces(BaseHTTPRequestHandler):
    """Says `one`, and `two` when somebody has read that; what it was sent comes back in the
    headers."""

    protocol_version = "HTTP/1.1"
    was_read = threading.Event()  # of the latest request

    def do_POST(self) -> None:
        was_read = Pieces.was_read = threading.Event()
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("x-key", self.headers.get("authorization", ""))
        self.send_header("x-body", body.decode())
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in (b"one", b"two"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            if not was_read.wait(60):
                return
            was_read.clear()
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        return


async def read(stream: Stream, bytes_max: int) -> tuple[str, bool]:
    told = await STREAM_READ(stream, bytes_max)
    Pieces.was_read.set()
    return told


@pytest.fixture
def origin(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Stream, "read", read)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pieces)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def client(body: str, *grants: str, kind: str = "async def") -> HookCall:
    return native(body, *grants, head=HEAD, files=WHEELS, kind=kind)


def text_of(result: CallResult) -> str:
    assert result.outcome is Outcome.OK, result
    return str(msgspec.json.decode(result.value)["text"])


def test_that_a_whole_answer_is_one_host_call(sandbox_server: SandboxServer) -> None:
    seen: list[tuple[str, str, dict[str, str], str]] = []
    world = World(http=lambda *asked: seen.append(asked) or (201, '{"ok":true}'))
    body = """
    said = await client.post("https://api.shop.example/x?y=1", json={"a": "ä"})
    return f"{said.status_code} {said.json()['ok']}"
    """
    call = client(body, "http:POST https://api.shop.example/*")
    result = sandbox_server.call(call, "reply", {}, world)
    assert text_of(result) == "201 True"
    assert [entry.name for entry in result.journal] == ["random.bytes", "http.fetch"]
    assert (seen[0][:2], seen[0][3]) == (
        ("POST", "https://api.shop.example/x?y=1"),
        '{"a":"ä"}',
    )


STREAMED = """
ask = {URL!r}
async with client.stream("POST", ask, json={"stream": True}) as said:
    pieces = [piece async for piece in said.aiter_text()]
return f"{said.status_code} {said.headers['x-body']} {pieces}"
"""


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_that_a_stream_comes_in_pieces(
    sandbox_server: SandboxServer, origin: str, kind: str
) -> None:
    body = STREAMED.replace("{URL!r}", repr(origin))
    if kind == "def":
        body = body.replace("async ", "").replace("aiter", "iter").replace("client", "blocking")
    call = client(body, "http:POST http://127.0.0.1:*/*", kind=kind)
    result = sandbox_server.call(call, "reply", {})
    assert text_of(result) == "200 {\"stream\":true} ['one', 'two']"
    names = [entry.name for entry in result.journal]
    assert names[1] == "http.open"
    assert set(names[2:]) == {"http.read"}


def test_that_a_stream_left_early_is_closed(sandbox_server: SandboxServer, origin: str) -> None:
    body = f"""
    async with client.stream("POST", {origin!r}, json={{"stream": True}}) as said:
        async for piece in said.aiter_text():
            return piece
    """
    call = client(body, "http:POST http://127.0.0.1:*/*")
    result = sandbox_server.call(call, "reply", {})
    assert text_of(result) == "one"
    assert result.journal[-1].name == "http.close"


def test_that_a_client_keeps_its_own_timeout(sandbox_server: SandboxServer, origin: str) -> None:
    body = f"""
    try:
        await client.post({origin!r}, content="x", timeout=0.1)
    except ReadTimeout as error:
        return str(error)
    """
    call = client(body, "http:POST http://127.0.0.1:*/*")
    assert text_of(sandbox_server.call(call, "reply", {})) == "nothing came within 0.1 s"


def test_that_a_refusal_is_not_taken_for_a_bad_connection(sandbox_server: SandboxServer) -> None:
    """A client tries again what did not connect; what may not be asked stays refused."""
    result = sandbox_server.call(client("await client.get('https://x.example/')"), "reply", {})
    assert result.outcome is Outcome.REFUSED
    assert "http:GET https://x.example/" in result.detail
    body = """
    try:
        await client.get("http://127.0.0.1:9/")
    except ConnectError:
        return "no connection"
    """
    call = client(body, "http:GET http://127.0.0.1:*/*")
    assert text_of(sandbox_server.call(call, "reply", {})) == "no connection"


def test_that_no_request_is_made_outside_of_a_call(sandbox_server: SandboxServer) -> None:
    call = native("return 'x'", head=f"{HEAD}blocking.get('https://x.example/')", files=WHEELS)
    result = sandbox_server.call(call, "reply", {})
    assert result.outcome is Outcome.TRAPPED
    assert "outside of any call" in result.detail
