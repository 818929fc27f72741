"""A shopper who sends too much is told so, keeps the connection, and loses nothing (M-SEC-04)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import websockets
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_web.http.rates import MESSAGES_BURST, SESSIONS_BURST, TYPING_BURST

TOO_MANY = 10
TRIES = MESSAGES_BURST + TOO_MANY


@pytest.fixture
def clock(shop: Any) -> FixedClock:
    """The limits' own: nothing is given back while a slow machine still sends."""
    rates, standing = shop.gateway.rates, FixedClock(shop.ground.clock.now())
    for buckets in (rates._messages, rates._typing, rates._sessions):
        buckets._clock = standing
    return standing


async def test_that_too_many_posts_are_refused_and_may_be_sent_again(
    shop: Any, clock: FixedClock
) -> None:
    session = await shop.session()
    headers = {"authorization": f"Bearer {session['token']}"}

    async def post(number: int) -> Any:
        message = {"id": f"m{number}", "text": "hello"}
        return await shop.http.post("/v1/chat/messages", json=message, headers=headers)

    sent = await asyncio.gather(*(post(number) for number in range(TRIES)))
    refused = [number for number, got in enumerate(sent) if got.status_code == 429]
    assert len(refused) == TOO_MANY
    problem = sent[refused[0]]
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["retry_after_s"] == int(problem.headers["retry-after"]) == 1
    clock.at += timedelta(seconds=1)
    again = await post(refused[0])
    assert (again.status_code, again.json()["fresh"]) == (202, True)


async def test_that_a_socket_over_its_rate_stays_open_and_loses_nothing(
    shop: Any, clock: FixedClock
) -> None:
    session = await shop.session()
    chat = await shop.connect(session["token"])
    for number in range(TRIES):
        await chat.send(type="message", id=f"m{number}", text="hello")
    answers = [await chat.next("ack", "problem") for _ in range(TRIES)]
    refused = [answer for answer in answers if answer["type"] == "problem"]
    assert len(refused) == TOO_MANY
    assert {answer["status"] for answer in refused} == {429}
    clock.at += timedelta(seconds=refused[0]["retry_after_s"])
    again = await chat.say("hello", refused[0]["id"])
    assert (again["type"], again["fresh"]) == ("ack", True)
    await chat.close()


@pytest.mark.usefixtures("clock")
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


@pytest.mark.usefixtures("clock")
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
