"""Composing over HTTP: what serves, a draft's faults, who would answer; strangers and nonsense."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fakes.bundles import text
from hyperpersonal_web.cli.bundle import bundle as command

from .composed import Composing, open_composing

HOURS = 'zone = "Europe/Berlin"\n[people]\nhours = ["mon-fri 09:00-17:00"]\n'
RULED = '[[rules]]\nwhen = "present"\nto = "acme/gifts"\n'


@pytest.fixture
async def shop(dsn: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Composing]:
    async with open_composing(dsn, nats_url, tmp_path) as made:
        yield made


def source(*agents: str, more: str = "") -> str:
    """A bundle of agents whose zone and people's hours are Berlin's."""
    zone, _, people = HOURS.partition("\n")
    return f"{zone}\n{text(*agents, more=more + people)}"


async def body(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


async def applied(shop: Composing, written: str) -> None:
    plan = await body(await shop.ask("/plan", {"source": written}))
    consent = {
        "source": written,
        "plan": plan["plan"],
        "grants": {"acme/gifts": ["knowledge:read"]},
        "config": {"acme/gifts": {"shop_name": "Fern"}},
    }
    await body(await shop.ask("", consent), 201)


async def test_that_what_serves_is_told_with_hours_lock_and_a_text_to_go_on_from(
    shop: Composing,
) -> None:
    now = await body(await shop.ask("/now", key=shop.viewer_key))
    assert [one["title"] for one in now["agents"]] == ["Orders"]
    assert (now["run"], now["lock"], now["people"]["words"]) == (None, None, "around the clock")
    assert (await body(await shop.ask("/draft", {"source": now["source"]})))["problems"] == []
    await applied(shop, written := source("acme/gifts", "acme/orders", more=RULED))
    now = await body(await shop.ask("/now"))
    assert [one["plugin_id"] for one in now["agents"]] == ["acme/gifts", "acme/orders"]
    assert now["people"]["words"] == "Monday to Friday 09:00–17:00"
    assert now["rules"] == [{"when": "present", "to": "acme/gifts"}]
    assert (now["source"], now["zone"]) == (written, "Europe/Berlin")
    assert now["lock"]["signer"] == "your shop"
    pinned = {one["plugin_id"]: one["digest"] for one in now["lock"]["releases"]}
    there = await shop.gateway.installations.list(shop.tenant_id)
    assert pinned == {one.plugin_id: one.digest for one in there}


async def test_that_a_drafts_faults_are_told_where_they_are(shop: Composing) -> None:
    data = {"id": "acme/evenings", "version": "1.0.0", "title": "", "description": "Evenings.",
            "agents": [{"plugin": "acme/orders", "hours": ["noon"]}]}  # fmt: skip
    told = await body(await shop.ask("/draft", {"bundle": data}))
    places = {tuple(one["path"]): one for one in told["problems"]}
    assert places.keys() == {("title",), ("agents", 0, "hours", 0)}
    lines = told["source"].splitlines()
    assert "noon" in lines[places["agents", 0, "hours", 0]["line"] - 1]
    assert (told["hours"], told["people"]) == ({}, None)
    data |= {
        "title": "Evenings",
        "agents": [{"plugin": "acme/orders", "hours": ["fri 22:00-02:00"]}],
    }
    right = await body(await shop.ask("/draft", {"bundle": data}))
    assert right["problems"] == []
    assert right["hours"]["acme/orders"]["words"] == "Friday 22:00–02:00"
    again = await body(await shop.ask("/draft", {"source": right["source"]}))
    assert again["bundle"] == data
    slow = {**data, "rules": [{"when": "/(a+)+/", "to": "person"}]}
    problems = (await body(await shop.ask("/draft", {"bundle": slow})))["problems"]
    assert [one["path"] for one in problems] == [["rules", 0, "when"]]
    refused = await shop.ask(
        "/plan", {"source": text("acme/orders", more='[[rules]]\nwhen="/(a+)+/"\nto="person"\n')}
    )
    assert (await body(refused, 422))["facts"]["reason"] == "bad_bundle"


@pytest.mark.slow
async def test_that_who_would_answer_is_asked_of_a_draft_and_nothing_is_kept(
    shop: Composing, tmp_path: Path
) -> None:
    written = source("acme/orders", "acme/gifts", more=RULED)
    ask = {"text": "a present for my aunt", "source": written, "at": "2026-11-23T20:00:00"}
    told = await body(await shop.ask("/who", ask))
    assert (told["kind"], told["title"], told["plugin_id"]) == ("agent", "Gifts", "acme/gifts")
    assert "the merchant's rule 'present'" in told["why"]
    assert told["local"] == "Monday 20:00 (Europe/Berlin)"
    assert told["people_back"] == "tomorrow at 09:00 (Europe/Berlin)"
    now = await body(await shop.ask("/who", {"text": "Where is my order?"}, shop.viewer_key))
    assert (now["plugin_id"], now["people_back"]) == ("acme/orders", "")
    assert (await body(await shop.ask("/now")))["run"] is None
    assert len(await shop.gateway.installations.list(shop.tenant_id)) == 2
    await _is_told_in_a_terminal(shop, tmp_path / "bundle.toml", written)
    unfit = await shop.ask("/who", {**ask, "source": source("acme/orders ^7")})
    assert (await body(unfit, 422))["facts"]["reason"] == "no_choice"


async def _is_told_in_a_terminal(shop: Composing, file: Path, written: str) -> None:
    file.write_text(written)
    env = {"HP_URL": shop.url, "HP_KEY": shop.member_key}
    for at, code, said in (
        ("2026-11-23T20:00", 0, "people are back tomorrow at 09:00"),
        ("tonight", 2, "does not match the format"),
    ):
        words = ["who", "a present for my aunt", "--file", str(file), "--at", at]
        done = await asyncio.to_thread(CliRunner(env=env).invoke, command, words)
        assert (done.exit_code, said in done.output) == (code, True), done.output
        assert ("Gifts answers" in done.output) == (code == 0)


async def test_that_a_published_bundle_is_read_before_anything_of_it_is_there(
    shop: Composing,
) -> None:
    inside = await body(await shop.ask("/published/acme/evenings", key=shop.viewer_key))
    assert [one["plugin"] for one in inside["bundle"]["agents"]] == ["acme/orders", "acme/gifts"]
    assert (inside["problems"], inside["lock"]) == ([], None)
    assert inside["hours"]["acme/gifts"]["words"] == "around the clock"
    assert (await shop.ask("/published/acme/orders")).status_code == 422
    assert (await shop.ask("/published/acme/nothing")).status_code == 404


async def test_that_strangers_and_nonsense_are_refused(shop: Composing) -> None:
    assert (await shop.http.get("/v1/market/bundles/now")).status_code == 401
    for path in ("/draft", "/who"):
        assert (await shop.http.post(f"/v1/market/bundles{path}", json={})).status_code == 401
    for wrong in ({}, {"text": ""}, {"text": "x" * 1001}, {"text": "a", "at": "noon"},
                  {"text": "a", "source": "x" * 70_000}):  # fmt: skip
        assert (await shop.ask("/who", wrong)).status_code == 400, str(wrong)[:40]
    unread = await body(await shop.ask("/draft", {"source": "id = "}))
    assert unread["bundle"] is None
    assert "not TOML" in unread["problems"][0]["what"]
    for odd in ({"bundle": {"id": None}}, {"bundle": {"a": {"b": {"c": None}}}}):
        assert (await body(await shop.ask("/draft", odd)))["problems"], odd
    draft = {"text": "hello", "source": text("acme/orders")}
    assert (await shop.ask("/who", draft, shop.viewer_key)).status_code == 403
