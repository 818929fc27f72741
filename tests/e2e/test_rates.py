"""A shopper who sends too much is told so, keeps the connection, and loses nothing (M-SEC-04)."""

import asyncio
from typing import Any

import pytest
import websockets
from hyperpersonal_web.http.rates import MESSAGES_BURST, SESSIONS_BURST, TYPING_BURST

TRIES = MESSAGES_BURST + 10


async def test_that_too_many_posts_are_refused_and_may_be_sent_again(shop: Any) -> None:
    session = await shop.session()
    headers = {"authorization": f"Bearer {session['token']}"}

    async def post(number: int) -> Any:
        message = {"id": f"m{number}", "text": "hello"}
        return await shop.http.post("/v1/chat/messages", json=message, headers=headers)

    sent = await asyncio.gather(*(post(number) for number in range(TRIES)))
    refused = [number for number, got in enumerate(sent) if got.status_code == 429]
    assert refused
    assert TRIES - len(refused) >= MESSAGES_BURST
    problem = sent[refused[0]]
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["retry_after_s"] == int(problem.headers["retry-after"]) == 1
    await asyncio.sleep(1)
    again = await post(refused[0])
    assert (again.status_code, again.json()["fresh"]) == (202, True)


async def test_that_a_socket_over_its_rate_stays_open_and_loses_nothing(shop: Any) -> None:
    session = await shop.session()
    chat = await shop.connect(session["token"])
    for number in range(TRIES):
        await chat.send(type="message", id=f"m{number}", text="hello")
    answers = [await chat.next("ack", "problem", seconds=20) for _ in range(TRIES)]
    refused = [answer for answer in answers if answer["type"] == "problem"]
    assert refused
    assert TRIES - len(refused) >= MESSAGES_BURST
    assert {answer["status"] for answer in refused} == {429}
    await asyncio.sleep(refused[0]["retry_after_s"])
    again = await chat.say("hello", refused[0]["id"])
    assert (again["type"], again["fresh"]) == ("ack", True)
    await chat.close()


async def test_that_writing_all_the_time_is_refused_and_messages_still_go(shop: Any) -> None:
    chat = await shop.connect((await shop.session())["token"])
    for _ in range(TYPING_BURST + 20):
        await chat.send(type="typing")
    refused = await chat.next("problem")
    assert (refused["status"], refused["id"]) == (429, None)
    await chat.send(type="message", id="m1", text="hello")
    assert (await chat.next("ack"))["id"] == "m1"
    await chat.close()


async def test_that_one_contact_has_so_many_sockets_and_another_one_too(shop: Any) -> None:
    session, other = await shop.session(), await shop.session()
    chats = [await shop.connect(session["token"]) for _ in range(20)]
    with pytest.raises(websockets.ConnectionClosedError) as closed:
        await shop.connect(session["token"])
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4429
    await (await shop.connect(other["token"])).close()
    await chats.pop().close()
    chats.append(await shop.connect(session["token"]))
    for chat in chats:
        await chat.close()


async def test_that_one_address_opens_so_many_sessions_at_once(shop: Any) -> None:
    body = {"channel_key": shop.channel_key}
    opened = [
        (await shop.http.post("/v1/chat/sessions", json=body)).status_code
        for _ in range(SESSIONS_BURST)
    ]
    assert set(opened) == {201}
    more = await asyncio.gather(
        *(shop.http.post("/v1/chat/sessions", json=body) for _ in range(20))
    )
    refused = [got for got in more if got.status_code == 429]
    assert refused
    assert refused[0].headers["retry-after"] == "1"
