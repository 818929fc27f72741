"""A merchant looks for a plugin over HTTP."""

import asyncio
from typing import Any

from fakes.publishing import Publisher, artifact, manifest


async def ask(shop: Any, path: str, key: str = "") -> Any:
    return await shop.http.get(f"/v1/market{path}", headers=shop.staff(key))


async def published(shop: Any) -> None:
    publisher, registry = Publisher(), shop.gateway.registry
    await registry.create_namespace("acme", publisher.public)
    for name in ("acme/hello", "acme/goodbye"):
        made = artifact(manifest(name, asks=("tool:commerce.orders.read",)))
        await registry.publish(made, publisher.sign(made))


async def test_that_a_published_plugin_is_found_soon_with_all_it_asks(shop: Any) -> None:
    await published(shop)
    async with asyncio.timeout(60):
        while (found := (await ask(shop, "/plugins?q=hello")).json())["total"] < 1:
            await asyncio.sleep(0.1)
    assert found["items"][0]["id"] == "acme/hello"
    assert found["facets"]["kind"]["agent"] >= 1
    plugin = (await ask(shop, "/plugins/acme/hello", shop.viewer_key)).json()
    assert [asked["capability"] for asked in plugin["permissions"]] == ["tool:commerce.orders.read"]
    assert "Read orders" in plugin["permissions"][0]["words"]
    assert [version["status"] for version in plugin["versions"]] == ["published"]
    narrowed = (await ask(shop, "/plugins?kind=guard&kind=channel")).json()
    assert (narrowed["total"], narrowed["items"]) == (0, [])


async def test_that_strangers_and_wrong_questions_are_refused(shop: Any) -> None:
    assert (await shop.http.get("/v1/market/plugins")).status_code == 401
    assert (await ask(shop, "/plugins/acme/nothing")).status_code == 404
    for wrong in ("?limit=51", "?offset=-1", "?q=" + "x" * 201):
        assert (await ask(shop, f"/plugins{wrong}")).status_code in (400, 422), wrong
