"""A plugin's requests: only where the grant says, with credentials it never sees, within bounds."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import msgspec
import pytest
from fakes.plugins import agent
from hyperpersonal_runtime.calls import CallResult
from hyperpersonal_runtime.hostcalls.http import RESPONSE_BYTES_MAX
from hyperpersonal_runtime.testing import SandboxServer, World
from hyperpersonal_sdk.contract.outcomes import Outcome

SECRET = "Bearer sk-very-secret-1234"


class Shop(BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    seen: ClassVar[list[tuple[str, str, dict[str, str], str]]] = []

    def answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.command, self.path, headers, body))
        status, text = 200, f"you sent {headers.get('authorization')} and {body}"
        if self.path == "/away":
            status = 302
        if self.path == "/huge":
            text = "x" * (RESPONSE_BYTES_MAX + 1)
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.send_header("location", "http://10.0.0.1/inside")
        self.send_header("set-cookie", "session=1")
        self.send_header("x-echo", str(headers.get("authorization")))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def shop() -> Iterator[str]:
    Shop.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(server: SandboxServer, grant: str, arguments: str) -> CallResult:
    body = f"import json\nreturn json.dumps(host.fetch({arguments}).to_json())"
    world = World(secrets={"Authorization": SECRET})
    return server.call(agent(body, grant), "reply", {}, world)


def answer_of(result: CallResult) -> dict[str, object]:
    assert result.outcome is Outcome.OK, result
    answer: dict[str, object] = msgspec.json.decode(msgspec.json.decode(result.value)["text"])
    return answer


def test_that_the_host_adds_credentials_and_takes_them_out_of_the_answer(
    sandbox_server: SandboxServer, shop: str
) -> None:
    result = fetch(sandbox_server, f"http:GET {shop}/*", f"'{shop}/orders?x=1'")
    answer = answer_of(result)
    assert Shop.seen[0][2]["authorization"] == SECRET
    assert "sk-very-secret" not in str(result)
    assert answer["body"] == "you sent [credential] and "
    assert "set-cookie" not in answer["headers"]  # type: ignore[operator]


def test_that_a_plugin_cannot_replace_the_credentials(
    sandbox_server: SandboxServer, shop: str
) -> None:
    mine = {"AUTHORIZATION": "mine", "X-Ok": "1"}
    answer_of(fetch(sandbox_server, f"http:GET {shop}/*", f"'{shop}/x', headers={mine}"))
    assert "mine" not in str(Shop.seen)
    assert Shop.seen[0][2]["authorization"] == SECRET
    assert Shop.seen[0][2]["x-ok"] == "1"


def test_that_a_write_carries_its_key(sandbox_server: SandboxServer, shop: str) -> None:
    arguments = f"'{shop}/refunds', method='POST', body='{{}}'"
    answer_of(fetch(sandbox_server, f"http:POST {shop}/*", arguments))
    method, path, headers, body = Shop.seen[0]
    assert (method, path, body, headers["idempotency-key"]) == ("POST", "/refunds", "{}", "turn:1")


def test_that_a_redirect_is_shown_and_not_followed(
    sandbox_server: SandboxServer, shop: str
) -> None:
    answer = answer_of(fetch(sandbox_server, f"http:GET {shop}/*", f"'{shop}/away'"))
    assert answer["status"] == 302
    assert len(Shop.seen) == 1


@pytest.mark.parametrize(
    ("grant", "arguments", "words"),
    [
        ("http:GET {shop}/open/*", "'{shop}/closed'", "not granted: http:GET {shop}/closed"),
        ("http:GET {shop}/*", "'{shop}/x', method='POST'", "not granted: http:POST"),
        ("http:GET http://*:*/*", "'{shop}/x'", "not granted"),
        ("http:GET {shop}/*", "'{shop}/x', headers={{'Host': 'evil'}}", "cannot be set"),
        ("http:GET {shop}/*", "'{shop}/x', headers={{'Content_Length': '9'}}", "cannot be set"),
        ("http:GET {shop}/*", "'{shop}/x', headers={{'X': 'a\\r\\nEvil: 1'}}", "printable ASCII"),
        ("http:GET {shop}/*", "'{shop}/x', body='x' * 262_000 + 'y' * 400", "at most 262144"),
        ("http:GET {shop}/*", "'{shop}/huge'", "over 262144 bytes"),
        ("http:GET http://127.0.0.1:1/*", "'http://127.0.0.1:1/x'", "the request failed"),
    ],
)
def test_that_other_requests_are_refused(
    sandbox_server: SandboxServer, shop: str, grant: str, arguments: str, words: str
) -> None:
    result = fetch(sandbox_server, grant.format(shop=shop), arguments.format(shop=shop))
    assert result.outcome in (Outcome.REFUSED, Outcome.OVER_LIMIT, Outcome.TRAPPED), result
    assert words.format(shop=shop) in result.detail
    assert [path for _, path, _, _ in Shop.seen if path != "/huge"] == []


def test_that_requests_of_a_turn_are_counted(sandbox_server: SandboxServer, shop: str) -> None:
    body = f"for n in range(60): host.fetch('{shop}/x')\nreturn 'done'"
    result = sandbox_server.call(agent(body, f"http:GET {shop}/*"), "reply", {})
    assert (result.outcome, result.detail) == (Outcome.OVER_LIMIT, "at most 50 requests a turn")
    assert len(Shop.seen) == 50
