"""Who may look at bundles and who may change what serves; what strangers and nonsense get."""

from typing import Any

import pytest
from fakes.bundles import agent, text
from fakes.publishing import Publisher


async def ask(shop: Any, path: str, body: Any = None, key: str = "") -> Any:
    address = f"/v1/market/bundles{path}"
    return await shop.http.post(address, json=body or {}, headers=shop.staff(key))


def reason(problem: Any) -> str:
    return str(problem["facts"]["reason"])


@pytest.fixture
async def published(shop: Any) -> Any:
    publisher, registry = Publisher(), shop.gateway.registry
    await registry.create_namespace("acme", publisher.public)
    made = agent("acme/one", optional=("kv:1MiB",))
    await registry.publish(made, publisher.sign(made))
    return shop


async def test_that_a_viewer_sees_the_plan_and_changes_nothing(published: Any) -> None:
    shop, source = published, text("acme/one")
    plan = (await ask(shop, "/plan", {"source": source}, shop.viewer_key)).json()
    assert plan["fits"]
    assert [step["kind"] for step in plan["steps"]] == ["install"]
    assert [p["capability"] for g in plan["asks"] for p in g["permissions"]] == [
        "knowledge:read", "kv:1MiB",
    ]  # fmt: skip
    consent = {"source": source, "plan": plan["plan"], "grants": {"acme/one": ["knowledge:read"]}}
    for path, body in (("", consent), ("/lock", {"source": source}), ("/rollback", {}),
                       ("/resume", {})):  # fmt: skip
        assert (await ask(shop, path, body, shop.viewer_key)).status_code == 403, path
    listed = await shop.http.get("/v1/market/bundles", headers=shop.staff(shop.viewer_key))
    assert listed.json() == {"present": None, "items": []}


async def test_that_strangers_and_nonsense_are_refused(published: Any) -> None:
    shop = published
    assert (await shop.http.get("/v1/market/bundles")).status_code == 401
    assert (await shop.http.post("/v1/market/bundles/plan", json={})).status_code == 401
    wrong = (await ask(shop, "/plan", {"source": "id = 7"})).json()
    assert reason(wrong) == "bad_bundle"
    assert any("bundle.toml line 1, id" in problem for problem in wrong["facts"]["problems"])
    for body in ({"source": 7}, {"sauce": ""}, {"source": "x" * 600_000}):
        assert (await ask(shop, "/plan", body)).status_code in (400, 413), str(body)[:40]
    lock = {"source": text("acme/one"), "lock": '{"lock":1}'}
    assert reason((await ask(shop, "/plan", lock)).json()) == "bad_lock"
    assert (await ask(shop, "/plan", {"plugin_id": "acme/gone"})).status_code == 404
    assert (await ask(shop, "/rollback")).status_code == 404
    stale = {"source": text("acme/one"), "plan": "sha256:0"}
    assert reason((await ask(shop, "", stale)).json()) == "plan_changed"
    no = (await ask(shop, "/plan", {"source": text("acme/none")})).json()
    assert (no["fits"], no["why"]) == (False, ["there is no plugin acme/none"])
