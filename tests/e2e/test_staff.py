"""The staff's side over HTTP, beside a shopper who is connected."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from hyperpersonal_core.api import TurnJournals
from hyperpersonal_core.installations.journal import LiveTurn
from hyperpersonal_core.kit.ids import parse, show
from hyperpersonal_runtime.api import CallResult, CallScope, Entry, HookCall, SealedRelease
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.wiring import open_jobs, open_understanding


@pytest.fixture
async def talk(shop: Any) -> Any:
    """A shopper who has written, connected."""
    session = await shop.session()
    chat = await shop.connect(session["token"])
    await chat.say("is anybody there?")
    yield session, chat
    await chat.close()


async def staff(shop: Any, session: dict[str, Any], what: str, key: str = "", **body: Any) -> Any:
    path = f"/v1/staff/conversations/{session['conversation_id']}/{what}"
    return await shop.http.post(path, json=body, headers=shop.staff(key))


async def read(shop: Any, session: dict[str, Any]) -> Any:
    path = f"/v1/staff/conversations/{session['conversation_id']}"
    return await shop.http.get(path, headers=shop.staff())


async def heard(chat: Any, source: str) -> str:
    """The next text from this side."""
    while True:
        for event in (await chat.next("events"))["events"]:
            if event["source"] == source:
                return str(event["text"])


async def test_that_a_member_takes_over_and_answers(shop: Any, talk: Any) -> None:
    session, chat = talk
    taken = await staff(shop, session, "takeover")
    assert taken.status_code == 200, taken.text
    replied = await staff(shop, session, "replies", text="Hello, Ada here.", id="r1")
    assert replied.status_code == 201, replied.text
    again = await staff(shop, session, "replies", text="Hello, Ada here.", id="r1")
    assert again.json() == replied.json()
    assert await heard(chat, "member") == "Hello, Ada here."
    listed = await shop.http.get("/v1/staff/conversations", headers=shop.staff())
    ids = [item["id"] for item in listed.json()["items"]]
    assert session["conversation_id"] in ids
    seen = (await read(shop, session)).json()
    assert seen["conversation"]["mode"] == "manual"
    assert (await staff(shop, session, "handback")).status_code == 200
    assert (await read(shop, session)).json()["conversation"]["mode"] == "auto"


async def test_that_a_note_never_reaches_the_shopper(shop: Any, talk: Any) -> None:
    session, chat = talk
    await staff(shop, session, "takeover")
    noted = await staff(shop, session, "notes", text="Sounds angry.")
    assert noted.status_code == 201, noted.text
    await staff(shop, session, "replies", text="How can I help?", id="r1")
    assert await heard(chat, "member") == "How can I help?"
    headers = {"authorization": f"Bearer {session['token']}"}
    page = (await shop.http.get("/v1/chat/messages", headers=headers)).text
    assert "angry" not in page
    assert "angry" in (await read(shop, session)).text


async def test_that_typing_is_seen_by_the_shopper(shop: Any, talk: Any) -> None:
    session, chat = talk
    await staff(shop, session, "typing")
    assert (await chat.next("typing"))["source"] == "member"


async def test_that_a_reply_without_a_takeover_is_refused(shop: Any, talk: Any) -> None:
    session, _ = talk
    refused = await staff(shop, session, "replies", text="me too", id="r1")
    assert refused.status_code == 409
    assert "take" in refused.json()["detail"]


async def test_that_a_viewer_reads_and_changes_nothing(shop: Any, talk: Any) -> None:
    session, _ = talk
    path = f"/v1/staff/conversations/{session['conversation_id']}"
    headers = shop.staff(shop.viewer_key)
    assert (await shop.http.get(path, headers=headers)).status_code == 200
    for what in ("takeover", "handback", "close", "typing"):
        assert (await staff(shop, session, what, shop.viewer_key)).status_code == 403, what
    refused = await shop.http.put("/v1/admin/knowledge/files/a.md", content=b"# A", headers=headers)
    assert refused.status_code == 403


async def test_that_only_the_tenants_own_members_get_in(shop: Any, talk: Any) -> None:
    session, _ = talk
    path = f"/v1/staff/conversations/{session['conversation_id']}"
    assert (await shop.http.get(path)).status_code == 401
    shopper = {"authorization": f"Bearer {session['token']}"}
    assert (await shop.http.get(path, headers=shopper)).status_code == 401
    mine = shop.member_key
    await shop.furnish()  # another tenant in the same database
    assert shop.member_key != mine
    assert (await shop.http.get(path, headers=shop.staff())).status_code == 404
    for unknown in ("/cnv_nothing", "/cnv_1'%20or%201=1--", "?after=nothing"):
        refused = await shop.http.get(f"/v1/staff/conversations{unknown}", headers=shop.staff(mine))
        assert refused.status_code == 404, unknown


async def test_that_knowledge_is_imported_listed_and_deleted(shop: Any) -> None:
    path, headers = "/v1/admin/knowledge/files/returns.md", shop.staff()
    body = b"# Returns\n\nYou may return items within 30 days.\n"
    done = await shop.http.put(path, content=body, headers=headers)
    assert done.status_code == 200, done.text
    assert done.json()["added"] == 1
    again = await shop.http.put(path, content=body, headers=headers)
    assert again.json()["unchanged"] == 1
    listed = await shop.http.get("/v1/admin/knowledge/articles", headers=headers)
    assert [item["title"] for item in listed.json()["items"]] == ["Returns"]
    refused = await shop.http.put("/v1/admin/knowledge/files/a.exe", content=b"MZ", headers=headers)
    assert refused.status_code == 400
    asked = {"external_id": listed.json()["items"][0]["external_id"]}
    gone = await shop.http.delete("/v1/admin/knowledge/articles", params=asked, headers=headers)
    assert gone.status_code == 204
    assert (await shop.http.get("/v1/admin/knowledge/articles", headers=headers)).json() == {
        "items": []
    }


async def test_that_a_manager_sets_rules_and_history_and_a_viewer_does_not(shop: Any) -> None:
    rules, history = "/v1/admin/routing/rules", "/v1/admin/routing/history/past.jsonl"
    asked = {"rules": [{"pattern": "wholesale", "target": "person"}]}
    assert (await shop.http.put(rules, json=asked, headers=shop.staff())).json() == asked
    assert (await shop.http.get(rules, headers=shop.staff())).json() == asked
    rows = b'{"text": "where is my parcel", "agent": "order"}\n'
    kept = await shop.http.put(history, content=rows * 2, headers=shop.staff())
    assert kept.json() == {"rows": 1}
    viewer = shop.staff(shop.viewer_key)
    assert (await shop.http.put(rules, json=asked, headers=viewer)).status_code == 403
    assert (await shop.http.put(history, content=rows, headers=viewer)).status_code == 403
    for bad in (b"{", b'{"text": "a\\u0000", "agent": "order"}', b"[" * 50_000):
        refused = await shop.http.put(history, content=bad, headers=shop.staff())
        assert (refused.status_code, refused.json()["code"]) == (400, "refused")
        knowledge = "/v1/admin/knowledge/files/a.jsonl"
        assert (
            await shop.http.put(knowledge, content=bad, headers=shop.staff())
        ).status_code == 400


@pytest.mark.parametrize(
    "pattern", ["", "/(/", "/(a+)+b/", "/(a|aa)+b/", "/a*a*a*b/", "a\x00", "x" * 201]
)
async def test_that_a_rule_nobody_should_run_is_refused(shop: Any, pattern: str) -> None:
    asked = {"rules": [{"pattern": pattern, "target": "person"}]}
    refused = await shop.http.put("/v1/admin/routing/rules", json=asked, headers=shop.staff())
    assert refused.status_code == 400
    assert refused.json()["detail"]


async def test_that_many_articles_are_imported_by_a_job_whose_way_is_told(
    shop: Any, dsn: str, nats_url: str
) -> None:
    lines = "\n".join(
        f'{{"id": "a{n}", "title": "Rule {n}", "text": "Send it back within {n} days."}}'
        for n in range(21)
    )
    path, headers = "/v1/admin/knowledge/files/rules.jsonl", shop.staff()
    taken = await shop.http.put(path, content=lines.encode(), headers=headers)
    assert taken.status_code == 202, taken.text
    status = taken.json()["status_url"]
    told = (await shop.http.get(status, headers=headers)).json()
    assert (told["status"], told["documents"]) == ("waiting", 21)
    assert (await shop.http.get(f"{status}0", headers=headers)).status_code == 404
    async with AsyncExitStack() as stack:
        mind = open_understanding(shop.ground)
        await open_jobs(stack, shop.ground, mind, Addresses(dsn, nats_url))
        async with asyncio.timeout(60):
            while told["status"] != "done":
                await asyncio.sleep(0.1)
                told = (await shop.http.get(status, headers=headers)).json()
                assert told["status"] != "failed", told
    assert told["imported"] == {"added": 21, "changed": 0, "unchanged": 0, "passages": 21}
    listed = await shop.http.get("/v1/admin/knowledge/articles", headers=headers)
    assert len(listed.json()["items"]) == 21


class TestCalls:
    """`GET /v1/staff/turns/…/calls`: what a turn did, for its own merchant only."""

    async def kept(self, shop: Any, conversation_id: str) -> UUID:
        """A finished turn of the tenant with a journal."""
        ground, turn = shop.ground, shop.ground.ids.new()
        journals = TurnJournals(ground.db, ground.vault)
        place = parse("conversation", conversation_id)
        live = LiveTurn(shop.tenant_id, place, turn, 1)
        request = '{"tool":"commerce.orders.get","arguments":{"order_id":"#W1"}}'
        entry = Entry("1", "tool.call", request, b"", '{"value":{"value":{}}}', elapsed_ms=3.0)
        scope = CallScope(str(shop.tenant_id), str(turn), str(turn))
        release = SealedRelease("acme/order", "1.0.0", "sha256:x", "order", {})
        call = HookCall(release, "reply", b"{}", scope)
        live.told(call, CallResult(Outcome.OK, b"{}", journal=(entry,)))
        sealed = await journals.end_of(live, {"outcome": "answered", "legs": []})
        async with ground.db.transaction(shop.tenant_id) as connection:
            await connection.execute(
                "insert into turns (tenant_id, id, conversation_id, epoch, first_offset,"
                " last_offset, status, outcome, deadline_at, started_at)"
                " values ($1, $2, $3, 1, 1, 1, 'finished', 'answered', now(), now())",
                shop.tenant_id, turn, place,
            )  # fmt: skip
            await connection.execute(
                "insert into journal (tenant_id, turn_id, sealed) values ($1, $2, $3)",
                shop.tenant_id, turn, sealed,
            )  # fmt: skip
        return turn

    async def test_that_a_merchant_sees_every_call(self, shop: Any, talk: Any) -> None:
        turn = await self.kept(shop, talk[0]["conversation_id"])
        path = f"/v1/staff/turns/{show('turn', turn)}/calls"
        found = await shop.http.get(path, headers=shop.staff(shop.viewer_key))
        assert found.status_code == 200, found.text
        (plugin,) = found.json()["plugins"]
        assert plugin["plugin"] == "acme/order@1.0.0"
        assert plugin["calls"][0]["words"] == "commerce.orders.get order_id #W1"

    async def test_that_nobody_else_does(self, shop: Any, talk: Any) -> None:
        turn = await self.kept(shop, talk[0]["conversation_id"])
        path = f"/v1/staff/turns/{show('turn', turn)}/calls"
        assert (await shop.http.get(path)).status_code == 401
        other = type(shop)(shop.ground, shop.gateway, 1)
        await other.furnish()
        await other.http.aclose()
        asked = await shop.http.get(path, headers=shop.staff(other.member_key))
        assert asked.status_code == 404
        for bad in ("trn_nonsense", "cnv_" + "0" * 32, show("turn", UUID(int=1))):
            asked = await shop.http.get(f"/v1/staff/turns/{bad}/calls", headers=shop.staff())
            assert asked.status_code == 404
