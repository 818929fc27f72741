"""Requests leave to checked addresses, and what comes back is whole, decoded and bounded."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.web_server import answer, certificate, web_server
from hyperpersonal_runtime.egress import fetcher as egress
from hyperpersonal_runtime.egress.connections import IDLE_PER_KEY_MAX, OPEN_PER_OWNER_MAX
from hyperpersonal_runtime.egress.fetcher import LOOPBACK, Exchange, Fetcher, FetchError, Request
from hyperpersonal_sdk.url_patterns import split_url

HELLO = answer(b"hello", "content-type: text/plain")


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    made = Fetcher(private_hosts=LOOPBACK)
    yield made
    await made.close()


def request(url: str, method: str = "GET", owner: str = "one shop", **more: object) -> Request:
    found = split_url(url)
    assert found is not None
    headers = [("x-of", owner)]
    return Request(owner, found, method, headers, **more)  # type: ignore[arg-type]


async def whole(exchange: Exchange) -> bytes:
    parts = []
    while part := await exchange.read():
        parts.append(part)
    exchange.close()
    return b"".join(parts)


async def get(fetcher: Fetcher, url: str, **more: object) -> tuple[int, bytes]:
    exchange = await fetcher.send(request(url, **more))  # type: ignore[arg-type]
    return exchange.status, await whole(exchange)


async def test_that_a_request_is_answered_and_its_connection_kept(fetcher: Fetcher) -> None:
    async with web_server(HELLO) as server:
        for n in range(5):
            assert await get(fetcher, f"{server.url}/x?n={n}") == (200, b"hello")
        assert server.connections == 1
        head = server.requests[0].split("\r\n")
    assert head[0] == "GET /x?n=0 HTTP/1.1"
    assert head[1] == f"host: 127.0.0.1:{server.port}"


async def test_that_no_two_installations_share_a_connection(fetcher: Fetcher) -> None:
    async with web_server(HELLO) as server:
        for owner in ("one shop", "one other", "two shop", "one shop"):
            await get(fetcher, server.url, owner=owner)
        assert server.connections == 3


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (answer(b"", status="204 No Content"), (204, b"")),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n"
         b"authorization: trailer\r\n\r\n", (200, b"abcde")),
        (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + HELLO, (200, b"hello")),
        (answer(gzip.compress(b"small", mtime=0), "content-encoding: gzip"), (200, b"small")),
        (answer(zlib.compress(b"small"), "content-encoding: deflate"), (200, b"small")),
        (answer(b"plain", "content-encoding: identity"), (200, b"plain")),
    ],
)  # fmt: skip
async def test_that_every_framing_is_understood(
    fetcher: Fetcher, told: bytes, expected: tuple[int, bytes]
) -> None:
    async with web_server(told) as server:
        assert await get(fetcher, server.url) == expected
        assert await get(fetcher, server.url) == expected


async def test_that_an_unmarked_body_ends_with_its_connection(fetcher: Fetcher) -> None:
    async def told(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
        await writer.drain()
        writer.close()

    async with web_server(told) as server:
        assert await get(fetcher, server.url) == (200, b"until the end")
        assert await get(fetcher, server.url) == (200, b"until the end")
        assert server.connections == 2


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no HTTP response"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", "was cut"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", "was cut"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
         "no HTTP response"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", "no HTTP"),
        (b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000 + b"\r\n", "headers"),
        (answer(b"xx", "content-encoding: br"), "did not ask for"),
        (answer(b"xx", "content-encoding: gzip, gzip"), "did not ask for"),
        (answer(b"no gzip", "content-encoding: gzip"), "not in the encoding"),
    ],
)  # fmt: skip
async def test_that_what_is_no_whole_response_is_an_error(
    fetcher: Fetcher, told: bytes, words: str
) -> None:
    async def once(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(told)
        await writer.drain()
        writer.close()

    async with web_server(once) as server:
        with pytest.raises(FetchError, match=words):
            await get(fetcher, server.url)


async def test_that_a_second_response_poisons_nobody(fetcher: Fetcher) -> None:
    """A server (or whoever stands before it) that answers twice must not answer the next one."""
    async with web_server(HELLO + answer(b"evil")) as server:
        asks = [await asyncio.gather(get(fetcher, server.url), return_exceptions=True)
                for _ in range(5)]  # fmt: skip
    for (got,) in asks:
        assert got == (200, b"hello") or isinstance(got, FetchError), got


async def test_that_a_head_has_no_body(fetcher: Fetcher) -> None:
    async with web_server(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n") as server:
        assert await get(fetcher, server.url, method="HEAD") == (200, b"")
        assert await get(fetcher, server.url, method="HEAD") == (200, b"")


async def test_that_a_bomb_comes_in_small_pieces(fetcher: Fetcher) -> None:
    bomb = gzip.compress(bytes(50 << 20))
    async with web_server(answer(bomb, "content-encoding: gzip")) as server:
        exchange = await fetcher.send(request(server.url))
        sizes = [len(await exchange.read()) for _ in range(5)]
        exchange.close()
    assert max(sizes) <= 64 * 1024


async def test_that_a_kept_connection_that_died_is_replaced_for_what_is_safe(
    fetcher: Fetcher,
) -> None:
    async def once(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        await writer.drain()
        writer.transport.abort()

    async with web_server(once) as server:
        for _ in range(3):
            assert (await get(fetcher, server.url))[1] == b"hello"


async def test_that_a_write_is_never_sent_twice(fetcher: Fetcher) -> None:
    calls = []

    async def told(head: bytes, writer: asyncio.StreamWriter) -> None:
        calls.append(head)
        if len(calls) == 1:
            writer.write(HELLO)
        else:
            writer.transport.abort()

    async with web_server(told) as server:
        await get(fetcher, server.url, method="POST", body=b"1")
        with pytest.raises(FetchError, match="hung up"):
            await get(fetcher, server.url, method="POST", body=b"2")
        assert len(calls) == 2


async def test_that_silence_ends(fetcher: Fetcher) -> None:
    async def told(_: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with web_server(told) as server:
        with pytest.raises(FetchError, match="no answer within"):
            await fetcher.send(request(server.url, first_byte_s=0.1))


async def test_that_open_requests_and_kept_connections_are_bounded(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "CONNECT_SECONDS_MAX", 60.0)  # so many connect at once
    gate = asyncio.Event()

    async def told(_: bytes, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.write(HELLO)

    async with web_server(told) as server:
        asks = [
            asyncio.create_task(get(fetcher, server.url, first_byte_s=100.0))
            for _ in range(OPEN_PER_OWNER_MAX)
        ]
        while len(server.requests) < OPEN_PER_OWNER_MAX:
            await asyncio.sleep(0.01)
        with pytest.raises(FetchError, match="too many"):
            await get(fetcher, server.url)
        gate.set()
        assert {answer[0] for answer in await asyncio.gather(*asks)} == {200}
        assert (await get(fetcher, server.url, owner="two shop"))[0] == 200
        kept = fetcher._connections._idle[("one shop", server.url)]
        assert len(kept) == IDLE_PER_KEY_MAX


async def test_that_a_slow_reader_holds_back_the_sender(fetcher: Fetcher) -> None:
    sent = 0

    async def told(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n")
        while True:
            writer.write(bytes(65_536))
            await writer.drain()
            sent += 65_536

    async with web_server(told) as server:
        exchange = await fetcher.send(request(server.url))
        await asyncio.sleep(0.5)
        assert sent < 16 << 20, "not all of it: the socket's buffers and ours"
        exchange.close()


class Names:
    """A resolver that tells what it was told, one answer after another."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.mark.parametrize(
    "address",
    ["192.0.0.192", "168.63.129.16", "100.100.100.200",
     "10.0.0.7", "127.0.0.1", "169.254.169.254", "100.64.0.1", "192.168.1.1", "172.16.0.1",
     "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.88.99.1", "198.18.0.1", "240.0.0.1", "::1",
     "::", "::ffff:192.168.0.1", "::ffff:169.254.169.254", "::7f00:1", "fe80::1", "fe80::1%lo",
     "fc00::1", "fd00:ec2::254", "ff02::1", "2002:7f00:1::", "2002:a00:7::1", "64:ff9b::a00:7",
     "64:ff9b::7f00:1", "64:ff9b:1::a00:7", "2001:0:53aa:64c::1", "2001:db8::1", "100::1"],
)  # fmt: skip
async def test_that_a_name_never_leads_inside(address: str) -> None:
    for answers in ([address], ["93.184.216.34", address], [address, "93.184.216.34"]):
        fetcher = Fetcher(resolve=Names(answers))
        with pytest.raises(FetchError, match="private network"):
            await fetcher.send(request("http://api.shop.example/"))
        await fetcher.close()


async def test_that_a_literal_needs_the_operators_word() -> None:
    async with web_server(HELLO) as server:
        closed, opened = Fetcher(), Fetcher(private_hosts=["127.0.0.1"])
        with pytest.raises(FetchError, match="HP_PRIVATE_HOSTS"):
            await get(closed, server.url)
        assert (await get(opened, server.url))[0] == 200
        for never in ("169.254.169.254", "0.0.0.0", "224.0.0.1"):
            always = Fetcher(private_hosts=[never])
            with pytest.raises(FetchError, match="private network"):
                await get(always, f"http://{never}:{server.port}/")
        await opened.close()


async def test_that_a_rebound_name_reaches_nothing() -> None:
    """The name is asked once for a connection, and the connection goes to that very answer."""
    names = Names(["127.0.0.1"], ["10.0.0.7"])
    fetcher = Fetcher(private_hosts=["shop.test"], resolve=names)
    async with web_server(HELLO) as server:
        url = f"http://shop.test:{server.port}/"
        for _ in range(3):
            assert (await get(fetcher, url))[0] == 200
        assert (names.asked, server.connections) == (1, 1)
    await fetcher.close()
    closed = Fetcher(resolve=Names(["93.184.216.34"], ["127.0.0.1"]))
    await closed._connections._resolve("shop.test", 80)  # type: ignore[misc]  # the first answer
    with pytest.raises(FetchError, match="private network"):
        await get(closed, "http://shop.test/")


def contexts(folder: Path, name: str, **more: int) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's that trusts exactly this certificate."""
    public, private = certificate(name, **more)
    (folder / "cert.pem").write_bytes(public + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem")
    client = ssl.create_default_context(cadata=public.decode())
    client.minimum_version = ssl.TLSVersion.TLSv1_2
    return server, client


async def test_that_tls_is_verified_for_the_urls_host(tmp_path: Path) -> None:
    server_tls, client_tls = contexts(tmp_path, "shop.test")
    hosts = ["shop.test", "other.test"]
    async with web_server(HELLO, server_tls) as server:
        trusting = Fetcher(private_hosts=hosts, tls=client_tls, resolve=Names(["127.0.0.1"]))
        assert (await get(trusting, f"https://shop.test:{server.port}/"))[0] == 200
        with pytest.raises(FetchError, match="not safe"):
            await get(trusting, f"https://other.test:{server.port}/")
        usual = Fetcher(private_hosts=hosts, resolve=Names(["127.0.0.1"]))
        with pytest.raises(FetchError, match="not safe"):
            await get(usual, f"https://shop.test:{server.port}/")
        await trusting.close()


async def test_that_an_expired_certificate_and_old_tls_are_refused(tmp_path: Path) -> None:
    server_tls, client_tls = contexts(tmp_path, "shop.test", days=-1)
    old = tmp_path / "old"
    old.mkdir()
    old_tls, client_of_old = contexts(old, "shop.test")
    old_tls.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old_tls.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old_tls.minimum_version = ssl.TLSVersion.TLSv1
    for served, trusted in ((server_tls, client_tls), (old_tls, client_of_old)):
        async with web_server(HELLO, served) as server:
            names = Names(["127.0.0.1"])
            fetcher = Fetcher(private_hosts=["shop.test"], tls=trusted, resolve=names)
            with pytest.raises(FetchError, match=r"not safe|failed"):
                await get(fetcher, f"https://shop.test:{server.port}/")
            await fetcher.close()


def test_that_a_request_shows_no_credential() -> None:
    found = split_url("https://shop.example/x")
    assert found is not None
    assert "sk-1" not in repr(Request("a b", found, "GET", [("authorization", "sk-1")]))
