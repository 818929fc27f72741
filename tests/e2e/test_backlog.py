"""A tenant whose shoppers write faster than it is answered: they are told so, others are not."""

import asyncio
from collections import Counter
from typing import Any

import httpx

BACKLOG_MAX = 5
_SET = """update tenants set settings = jsonb_build_object('backlog_max', $2::int)
 where tenant_id = $1"""
_ANSWER = "update conversations set handled_offset = last_offset where tenant_id = $1"
_STORED = "select external_id from events where tenant_id = $1 and source = 'contact'"


async def _sql(shop: Any, query: str, *more: Any) -> list[Any]:
    async with shop.ground.db.transaction(shop.tenant_id) as connection:
        return list(await connection.fetch(query, shop.tenant_id, *more))


async def _write(shop: Any, token: str, number: int) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    message = {"id": f"m{number}", "text": "hello"}
    return await shop.http.post("/v1/chat/messages", json=message, headers=headers)  # type: ignore[no-any-return]


async def _flood(shop: Any) -> tuple[list[str], list[httpx.Response]]:
    """One shopper after the other writes, until one is refused; no worker answers here."""
    await _sql(shop, _SET, BACKLOG_MAX)
    tokens: list[str] = []
    answers: list[httpx.Response] = []
    async with asyncio.timeout(60):
        while not any(answer.status_code == 503 for answer in answers):
            tokens.append((await shop.session())["token"])
            answers.append(await _write(shop, tokens[-1], len(answers)))
            await asyncio.sleep(0.15)
    return tokens, answers


async def test_that_a_full_backlog_is_told_and_no_acknowledged_message_is_lost(shop: Any) -> None:
    tokens, answers = await _flood(shop)
    taken = [f"m{n}" for n, answer in enumerate(answers) if answer.status_code == 202]
    refused = [n for n, answer in enumerate(answers) if answer.status_code == 503]
    assert len(taken) + len(refused) == len(answers)
    assert len(taken) >= BACKLOG_MAX
    assert refused
    problem = answers[refused[0]]
    assert problem.json()["code"] == "busy"
    assert problem.json()["retry_after_s"] == int(problem.headers["retry-after"]) >= 1
    stored = Counter(row[0] for row in await _sql(shop, _STORED))
    assert stored == Counter(taken), "what was refused was not stored, what was taken was"
    await _sql(shop, _ANSWER)
    async with asyncio.timeout(60):  # it is counted now and then
        while (again := await _write(shop, tokens[refused[0]], refused[0])).status_code == 503:
            await asyncio.sleep(0.3)
    assert (again.status_code, again.json()["fresh"]) == (202, True)


async def test_that_another_tenant_is_not_refused_and_a_socket_is_told(shop: Any) -> None:
    tokens, _ = await _flood(shop)
    chat = await shop.connect(tokens[-1])
    await chat.send(type="message", id="late", text="hello")
    told = await chat.next("ack", "problem")
    assert (told["type"], told["id"], told["status"]) == ("problem", "late", 503)
    assert told["retry_after_s"] >= 1
    await chat.close()
    await shop.furnish()  # another tenant, on the same gateway
    answer = await _write(shop, (await shop.session())["token"], 0)
    assert answer.status_code == 202
