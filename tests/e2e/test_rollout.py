"""A merchant rolls a release out: over HTTP, by command, on the running product."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hyperpersonal_web.cli.rollout import rollout

from .rolling import API, PLAN, Merchant, open_merchant


@pytest.fixture
async def merchant(dsn: str, nats_url: str, folder: Path) -> AsyncIterator[Merchant]:
    async with open_merchant(dsn, nats_url, folder) as made:
        yield made


async def _until(merchant: Merchant, rollout_id: str, states: set[str], talk: int = 0) -> Any:
    async with asyncio.timeout(200):
        while (found := await merchant.read(rollout_id))["rollout"]["state"] not in states:
            await merchant.talk(talk)
            await asyncio.sleep(0.3)
    return found


@pytest.mark.timeout(600)
async def test_that_a_broken_release_is_undone_by_itself_and_the_merchant_sees_why(
    merchant: Merchant,
) -> None:
    one = await merchant.start("3.0.0", PLAN)
    assert (one["state"], one["share"]) == ("canary", 0.5)
    await asyncio.sleep(2.1)  # a share holds from a little later on
    found = await _until(merchant, one["id"], {"rolled_back"}, talk=8)
    assert found["rollout"]["reason"].startswith("worse than 1.0.0 in errors")
    assert found["candidate"]["means"]["errors"] == 1.0
    assert [line["kind"] for line in found["history"]] == ["started", "raised", "rolled_back"]
    assert found["history"][0]["member_id"] is not None
    assert found["history"][-1]["member_id"] is None, "the evidence decided"
    assert await merchant.talk(6) == {"the old one": 6}


@pytest.mark.timeout(600)
async def test_that_a_good_release_goes_from_the_shadow_to_everybody_by_itself(
    merchant: Merchant,
) -> None:
    plan = PLAN | {"shadow_turns": 3, "shadow_share": 1.0}
    one = await merchant.start("2.0.0", plan)
    assert (one["state"], one["share"]) == ("shadow", 0.0)
    assert await merchant.talk(4) == {"the old one": 4}
    shadow = (await _until(merchant, one["id"], {"canary"}))["shadow"]
    assert (shadow["turns"], shadow["same_reply"], shadow["same_actions"]) == (3, 0, 3)
    await asyncio.sleep(2.1)
    assert set(await merchant.talk(12)) == {"the old one", "the new one"}
    await _until(merchant, one["id"], {"promoted"}, talk=8)
    assert await merchant.talk(4) == {"the new one": 4}


@pytest.mark.timeout(600)
async def test_that_a_candidate_that_is_taken_from_everybody_is_rolled_out_no_further(
    merchant: Merchant,
) -> None:
    one = await merchant.start("2.0.0", PLAN)
    await merchant.gateway.registry.revoke("acme/hello", "2.0.0", "it leaks")
    found = await _until(merchant, one["id"], {"stopped"})
    assert "was revoked: it leaks" in found["rollout"]["reason"]
    assert await merchant.talk(4) == {"the old one": 4}


@pytest.mark.timeout(600)
async def test_that_members_start_follow_and_end_rollouts_by_command(merchant: Merchant) -> None:
    def hp(*words: str, code: int = 0) -> str:
        ran = CliRunner().invoke(
            rollout, [*words, "--url", merchant.url, "--key", merchant.member_key]
        )
        assert ran.exit_code == code, ran.output
        return ran.output

    async def run(*words: str, code: int = 0) -> str:
        return await asyncio.to_thread(hp, *words, code=code)

    assert "there is none" in await run("status")
    assert "has no rollout" in await run("stop", "acme/hello", code=1)
    said = await run("start", "acme/hello", "2.0.0", "--canary", "--stage", "0.9:0.01")
    assert "acme/hello 1.0.0 -> 2.0.0  canary, 90% of new conversations" in said
    assert "runs already" in await run("start", "acme/hello", "3.0.0", code=1)
    assert "SHARE:MARGIN" in await run("start", "acme/hello", "--stage", "x", code=2)
    assert "raised: 90% of new conversations" in await run("status", "acme/hello")
    assert "paused" in await run("pause", "acme/hello")
    assert "only a canary that is not paused" in await run("pause", "acme/hello", code=1)
    assert "canary, 90% of new conversations" in await run("resume", "acme/hello")
    told = json.loads(await run("promote", "acme/hello", "--json"))
    assert told["state"] == "promoted"
    assert await merchant.talk(2) == {"the new one": 2}
    assert "has ended: promoted" in await run("stop", "acme/hello", code=1)
    shadow = json.loads(await run("start", "acme/hello", "1.0.0", "--shadow", "--json"))
    assert (shadow["state"], shadow["plan"]["stages"]) == ("shadow", [])
    assert "stopped" in await run("stop", str(shadow["id"]))


async def test_that_only_managers_of_the_shop_change_anything(merchant: Merchant) -> None:
    body = {"plugin_id": "acme/hello", "version": "2.0.0"}
    assert (await merchant.post(API, body, merchant.viewer_key)).status_code == 403
    assert (await merchant.http.post(API, json=body)).status_code == 401
    assert (await merchant.post(API, body | {"plugin_id": "acme/nothing"})).status_code == 404
    assert (await merchant.post(API, body | {"version": "9.9.9"})).status_code == 404
    assert (await merchant.post(API, body | {"plan": {"level": 0.9}})).status_code == 400
    one = await merchant.start("2.0.0", PLAN)
    stop = f"{API}/{one['id']}/stop"
    for path in (stop, f"{API}/{one['id']}/pause", f"{API}/{one['id']}/resume"):
        assert (await merchant.post(path, key=merchant.viewer_key)).status_code == 403
    for path in ("evidence", "shadow"):
        assert (await merchant.ask(f"{one['id']}/{path}")).status_code == 200
        assert (await merchant.ask(f"rol_nothing/{path}")).status_code == 404
    assert (await merchant.ask(f"{one['id']}/shadow/trn_nothing")).status_code == 404
    assert (await merchant.post(f"{API}/{one['id']}/resume")).status_code == 409
    assert (await merchant.post(f"{API}/rol_nothing/stop")).status_code == 404
    listed = await merchant.http.get(API, headers=merchant.staff(merchant.viewer_key))
    assert [item["id"] for item in listed.json()["items"]] == [one["id"]]
    assert (await merchant.post(stop)).status_code == 200
