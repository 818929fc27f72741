"""The shopper's side of the gateway: POST, long-poll, WebSocket, and what it refuses."""

import asyncio
import contextlib
import re
import time
from typing import Any

import pytest
import websockets

CAP = 256 * 1024
DEEP = '{"a":' * 20_000 + "1" + "}" * 20_000


def bearer(session: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {session['token']}"}


async def post(shop: Any, session: dict[str, Any], **message: Any) -> Any:
    return await shop.http.post("/v1/chat/messages", json=message, headers=bearer(session))


async def closed(socket: websockets.ClientConnection) -> tuple[int, str]:
    """How the server closed it; whatever came before is read away."""
    async with asyncio.timeout(60):
        with contextlib.suppress(websockets.ConnectionClosedError):
            async for _ in socket:
                pass
        await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


class TestRest:
    async def test_that_a_message_is_stored_and_read_back(self, shop: Any) -> None:
        session = await shop.session()
        assert "automated" in session["disclosure"]
        sent = await post(shop, session, id="m1", text="hello")
        assert (sent.status_code, sent.json()) == (202, {"id": "m1", "offset": 1, "fresh": True})
        page = (await shop.http.get("/v1/chat/messages", headers=bearer(session))).json()
        assert [event["text"] for event in page["events"]] == ["hello"]
        assert page["newest"] == 1

    async def test_that_the_same_id_twice_is_one_message(self, shop: Any) -> None:
        session = await shop.session()
        sent = [(await post(shop, session, id="m1", text="hi")).json() for _ in range(2)]
        assert [(one["offset"], one["fresh"]) for one in sent] == [(1, True), (1, False)]

    async def test_that_a_long_poll_waits_for_news_and_not_longer(self, shop: Any) -> None:
        session = await shop.session()
        asked = {"after": 0, "wait": 25}
        poll = asyncio.create_task(
            shop.http.get("/v1/chat/messages", params=asked, headers=bearer(session))
        )
        await asyncio.sleep(0.3)
        started = time.monotonic()
        await post(shop, session, id="m1", text="are you there?")
        page = (await poll).json()
        assert [event["text"] for event in page["events"]] == ["are you there?"]
        assert time.monotonic() - started < 20
        params = {"after": 1, "wait": 1}
        empty = await shop.http.get("/v1/chat/messages", params=params, headers=bearer(session))
        assert empty.json() == {"events": [], "newest": 1}

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"{not json", 400, "malformed_frame"),
            (b'{"text": "no id"}', 400, "missing_id"),
            (b'{"id": "m", "text": "  "}', 400, "empty_text"),
            (b'{"id": "m", "text": 5}', 400, "wrong_type"),
            (b'{"id": "m", "text": "see", "attachments": [{}]}', 400, "attachments_not_supported"),
            (b'{"id": "m", "text": "' + b"x" * 17_000 + b'"}', 413, "too_large"),
            (b"x" * (CAP + 10_000), 413, "bad_request"),
            (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400, "malformed_frame"),
        ],
    )
    async def test_that_bad_bodies_are_refused_with_a_reason(
        self, shop: Any, body: bytes, status: int, code: str
    ) -> None:
        session = await shop.session()
        refused = await shop.http.post("/v1/chat/messages", content=body, headers=bearer(session))
        assert refused.status_code == status
        assert refused.headers["content-type"].startswith("application/problem+json")
        problem = refused.json()
        assert (problem["status"], problem["code"]) == (status, code)
        assert problem["detail"]
        assert (await post(shop, session, id="m1", text="fine")).json()["offset"] == 1

    @pytest.mark.parametrize("after", ["-1", "x", str(2**63), "9" * 40])
    async def test_that_a_bad_cursor_is_refused(self, shop: Any, after: str) -> None:
        headers = bearer(await shop.session())
        refused = await shop.http.get(f"/v1/chat/messages?after={after}", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"{", 400),
            (b"[]", 400),
            (b"[" * 100_000, 400),
            (b'{"channel_key": 5}', 400),
            (b'{"channel_key": "\\u0000"}', 401),
        ],
    )
    async def test_that_a_bad_opening_is_refused(self, shop: Any, body: bytes, status: int) -> None:
        headers = {"content-type": "application/json"}
        refused = await shop.http.post("/v1/chat/sessions", content=body, headers=headers)
        assert refused.status_code == status
        assert refused.headers["content-type"].startswith("application/problem+json")

    async def test_that_unknown_callers_are_refused(self, shop: Any) -> None:
        session = await shop.session()
        unknown = await shop.http.post("/v1/chat/sessions", json={"channel_key": "hpc_nope"})
        assert (unknown.status_code, unknown.json()["code"]) == (401, "unauthenticated")
        for token in ("x", "nonsense", session["token"][:-4] + "AAAA", shop.member_key):
            headers = {"authorization": f"Bearer {token}"}
            refused = await shop.http.get("/v1/chat/messages", headers=headers)
            assert refused.status_code == 401, token
            assert refused.headers["www-authenticate"] == "Bearer"
        missing = await shop.http.get("/v1/nothing/here")
        assert (missing.status_code, missing.json()["status"]) == (404, 404)

    async def test_that_one_shopper_never_reads_anothers_conversation(self, shop: Any) -> None:
        one, two = await shop.session(), await shop.session()
        await post(shop, one, id="m1", text="mine")
        page = (await shop.http.get("/v1/chat/messages", headers=bearer(two))).json()
        assert page == {"events": [], "newest": 0}


class TestSocket:
    async def test_that_a_message_is_acknowledged_and_comes_as_an_event(self, shop: Any) -> None:
        session = await shop.session()
        chat = await shop.connect(session["token"])
        assert await chat.say("hello", "m1") == {
            "type": "ack", "id": "m1", "offset": 1, "fresh": True,
        }  # fmt: skip
        assert (await chat.say("hello", "m1"))["fresh"] is False
        events = (await chat.next("events"))["events"]
        assert [(e["offset"], e["text"], e["external_id"]) for e in events] == [(1, "hello", "m1")]
        await chat.send(type="ping")
        assert await chat.next("pong")
        await chat.close()

    async def test_that_a_socket_resumes_after_its_cursor(self, shop: Any) -> None:
        session = await shop.session()
        first = await shop.connect(session["token"])
        for number in range(1, 4):
            await first.say(f"message {number}")
        await first.close()
        for after, expected in ((0, [1, 2, 3]), (2, [3])):
            again = await shop.connect(session["token"], after)
            frame = await again.next("events")
            assert [event["offset"] for event in frame["events"]] == expected
            assert frame["newest"] == 3
            await again.close()

    async def test_that_all_tabs_of_a_conversation_hear_each_event_once(self, shop: Any) -> None:
        session = await shop.session()
        tabs = [await shop.connect(session["token"]) for _ in range(3)]
        await asyncio.gather(*(tabs[0].say(f"m {n}") for n in range(1)))
        for number in range(5):
            await post(shop, session, id=f"p{number}", text=f"posted {number}")
        for tab in tabs:
            offsets: list[int] = []
            while len(offsets) < 6:
                offsets += [event["offset"] for event in (await tab.next("events"))["events"]]
            assert offsets == [1, 2, 3, 4, 5, 6]
            await tab.close()

    async def test_that_a_refused_message_leaves_the_socket_open(self, shop: Any) -> None:
        chat = await shop.connect((await shop.session())["token"])
        await chat.send(type="message", id="m1", text="look", attachments=[{"name": "a.png"}])
        problem = await chat.next("problem")
        assert (problem["id"], problem["status"]) == ("m1", 400)
        assert "describe" in problem["detail"]
        assert (await chat.say("fine", "m2"))["offset"] == 1
        await chat.close()

    @pytest.mark.parametrize(
        ("first", "code"),
        [
            ("not json", 4400),
            ("[1, 2]", 4400),
            ('{"type": "message", "id": "m", "text": "before open"}', 4400),
            ('{"type": "open", "token": "nonsense", "after": 0}', 4401),
            ('{"type": "open", "token": 5}', 4400),
        ],
    )
    async def test_that_a_wrong_opening_is_closed_with_its_code(
        self, shop: Any, first: str, code: int
    ) -> None:
        async with websockets.connect(shop.socket_url) as socket:
            await socket.send(first)
            got, reason = await closed(socket)
            assert got == code
            assert reason

    @pytest.mark.parametrize("frame", ["{}", '{"type": "dance"}', "\x00\x01", '"text"', DEEP])
    async def test_that_a_malformed_frame_loses_nothing(self, shop: Any, frame: str) -> None:
        session = await shop.session()
        chat = await shop.connect(session["token"])
        await chat.say("kept", "m1")
        await chat.socket.send(frame)
        assert (await closed(chat.socket))[0] == 4400
        again = await shop.connect(session["token"])
        assert [e["text"] for e in (await again.next("events"))["events"]] == ["kept"]
        await again.close()

    async def test_that_a_frame_over_the_cap_is_closed_as_too_big(self, shop: Any) -> None:
        chat = await shop.connect((await shop.session())["token"])
        await chat.socket.send("x" * (CAP + 8_192))
        assert (await closed(chat.socket))[0] == 1009

    async def test_that_an_absurd_cursor_silences_nobody(self, shop: Any) -> None:
        absurd = await shop.connect((await shop.session())["token"], 2**64 - 1)
        session = await shop.session()
        chat = await shop.connect(session["token"])
        await chat.say("still pushed", "m1")
        assert [e["text"] for e in (await chat.next("events"))["events"]] == ["still pushed"]
        for socket in (absurd, chat):
            await socket.close()

    async def test_that_unknown_socket_paths_are_refused(self, shop: Any) -> None:
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(shop.url.replace("http", "ws") + "/v1/other")


class TestHealth:
    async def test_that_it_says_what_answers(self, shop: Any) -> None:
        health = await shop.http.get("/health")
        fine = {"status": "ok", "database": True, "bus": True}
        assert health.json() == fine | {"sandbox": "unknown"}, "no runtime process is there"

    async def test_that_the_api_is_described(self, shop: Any) -> None:
        document = (await shop.http.get("/schema/openapi.json")).json()
        assert {"/v1/chat/sessions", "/v1/chat/messages", "/health"} <= set(document["paths"])

    @pytest.mark.parametrize("path", ["/", "/staff", "/review", "/market", "/schema"])
    async def test_that_no_page_loads_anything_from_elsewhere(self, shop: Any, path: str) -> None:
        page = await shop.http.get(path, follow_redirects=True)
        assert page.status_code == 200
        assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page.text)
        if "html" in page.headers["content-type"]:
            assert "default-src 'self'" in page.headers["content-security-policy"]

    @pytest.mark.parametrize(
        "name", ["..%2f..%2fpyproject.toml", "%2e%2e%2fREADME.md", "a%00.js", "a" * 3000 + ".js"]
    )
    async def test_that_only_the_pages_parts_are_served(self, shop: Any, name: str) -> None:
        refused = await shop.http.get(f"/assets/{name}")
        assert (refused.status_code, refused.json()["status"]) == (404, 404)
