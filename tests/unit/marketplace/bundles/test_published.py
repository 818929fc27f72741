"""A bundle as a release: published like any plugin, installed only as a plan with consent."""

from pathlib import Path

import pytest
from fakes.bundles import HEAD, agent, text
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_marketplace.api import Choice, InstallRefusedError, Query, sign_again
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.bundle_pack import files_of

from .conftest import Table

SOURCE = text("acme/one", "acme/two")


def packed(folder: Path, source: str = SOURCE, lock: bytes | None = None) -> bytes:
    (folder / "bundle.toml").write_text(source)
    return hpx.pack(files_of(folder / "bundle.toml", lock))


async def test_that_a_published_bundle_is_found_and_brings_nothing_without_consent(
    table: Table, tmp_path: Path
) -> None:
    await table.publish(agent("acme/one"), agent("acme/two"), packed(tmp_path))
    found = table.catalogue.search(Query("evening", {"kind": ["bundle"]}))
    assert [card.plugin_id for card in found.cards] == ["acme/evenings"]
    source, lock = await table.bundles.published("acme/evenings")
    assert (source, lock) == (SOURCE, None)
    plan = (await table.look(source)).plan
    assert [step.kind for step in plan.steps] == ["install", "install"]
    assert {asked.capability for asked in plan.asks} == {"knowledge:read"}
    assert await table.installed() == {}
    assert await table.apply(source) == "done"
    assert await table.order() == ["one", "two"]


async def test_that_a_bundle_is_no_plugin_and_a_plugin_no_bundle(
    table: Table, tmp_path: Path
) -> None:
    await table.publish(agent("acme/one"), packed(tmp_path))
    with pytest.raises(InstallRefusedError, match="hp bundle install acme/evenings"):
        await table.installer.install(table.tenant_id, "acme/evenings", grants=[])
    with pytest.raises(RefusedError, match="is of kind agent"):
        await table.bundles.published("acme/one")
    with pytest.raises(NotFoundError):
        await table.bundles.published("acme/nothing")
    assert await table.installed() == {}


async def test_that_a_bundle_cannot_bring_another_bundle(table: Table, tmp_path: Path) -> None:
    await table.publish(agent("acme/one"), agent("acme/two"), packed(tmp_path))
    outer = text("acme/evenings", head=HEAD.replace("acme/evenings", "acme/outer"))
    found = await table.why_not(outer)
    assert found.conflict == ("there is no plugin acme/evenings",)


async def test_that_the_publishers_lock_brings_the_releases_it_tried(
    table: Table, tmp_path: Path
) -> None:
    await table.publish(agent("acme/one"), agent("acme/two"))
    tried = await table.bundles.lock(table.tenant_id, SOURCE)
    theirs = sign_again(tried, SOURCE, table.market.publisher.key)
    await table.publish(packed(tmp_path, lock=theirs), agent("acme/one", "1.1.0"))
    source, lock = await table.bundles.published("acme/evenings")
    kept = await table.bundles.look(table.tenant_id, source, lock)
    assert isinstance(kept, Choice)
    assert [one.version for one in kept.chosen] == ["1.0.0", "1.0.0"]
    assert [one.version for one in (await table.look(source)).chosen] == ["1.1.0", "1.0.0"]


async def test_that_a_revoked_bundle_is_not_to_be_had(table: Table, tmp_path: Path) -> None:
    await table.publish(agent("acme/one"), agent("acme/two"), packed(tmp_path))
    await table.market.registry.revoke("acme/evenings", "1.0.0", "It names what harms.")
    with pytest.raises(NotFoundError):
        await table.bundles.published("acme/evenings")
