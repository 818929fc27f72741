"""The registry's client against servers that are away, that flood, and that talk nonsense."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_sdk.registry_client import (
    RegistryAwayError,
    RegistryClient,
    RegistryRefusedError,
)


class Answers(BaseHTTPRequestHandler):
    """Answers from a list; hangs up where it holds None. `asked`: what it got."""

    answers: list[tuple[int, bytes] | None]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = self.answers.pop(0)
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.send_response(answer[0])
        self.send_header("content-length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def registry(*answers: tuple[int, bytes] | None) -> Iterator[tuple[RegistryClient, list[str]]]:
    handler = type("Handler", (Answers,), {"answers": list(answers), "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with RegistryClient(f"http://127.0.0.1:{server.server_port}/") as client:
            yield client, handler.asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    "url",
    ["http://registry.example", "ftp://x", "registry.example", "", "https://", "http://10.0.0.1"],
)
def test_that_only_encrypted_or_near_registries_are_spoken_to(url: str) -> None:
    with pytest.raises(BadInputError, match="no address of a registry"):
        RegistryClient(url)


def test_that_a_refusal_is_told_in_the_registrys_words() -> None:
    problem = b'{"title": "Forbidden", "detail": "your key does not speak for acme"}'
    with (
        registry((403, problem)) as (client, _),
        pytest.raises(RegistryRefusedError, match="does not speak for acme") as refused,
    ):
        client.claim("acme")
    assert refused.value.status == 403


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff"])
def test_that_a_refusal_without_words_is_one_all_the_same(body: bytes) -> None:
    with registry((502, body)) as (client, _), pytest.raises(RegistryRefusedError, match="502"):
        client.claim("acme")


@pytest.mark.parametrize("body", [b"<html>", b"\xff", b"{"])
def test_that_nonsense_is_no_answer(body: bytes) -> None:
    with registry((200, body)) as (client, _), pytest.raises(RegistryAwayError, match="no JSON"):
        client.namespace("acme")


def test_that_a_flood_is_cut_off() -> None:
    with registry((200, b"x" * 2_000)) as (client, _):
        small = RegistryClient(client.url, answer_bytes_max=1_000)
        with small, pytest.raises(RegistryAwayError, match="too large"):
            small.blob("sha256:0")


def test_that_reads_are_asked_again_and_writes_are_not() -> None:
    with registry(None, None, (200, b'{"state": "given"}'), None) as (client, asked):
        assert client.namespace("acme") == {"state": "given"}
        assert len(asked) == 3
        with pytest.raises(RegistryAwayError, match="does not answer"):
            client.claim("acme")
        assert len(asked) == 4


def test_that_a_name_cannot_lead_elsewhere() -> None:
    with registry((404, b"{}"), (404, b"{}")) as (client, asked):
        for name in ("../login", "a/b?x=1"):
            with pytest.raises(RegistryRefusedError):
                client.namespace(name)
    assert asked == [
        "GET /v1/registry/namespaces/..%2Flogin", "GET /v1/registry/namespaces/a%2Fb%3Fx%3D1",
    ]  # fmt: skip


def test_that_no_metadata_yet_is_none() -> None:
    with registry((404, b"{}"), (500, b"{}")) as (client, _):
        assert client.metadata("acme") is None
        with pytest.raises(RegistryRefusedError):
            client.metadata("acme")
