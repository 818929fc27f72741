"""From a text to a shop that serves by it: plan, consent, steps, one switch, and back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fakes.bundles import ORDERS, WRITE, agent, connector, listing, text
from hyperpersonal_core.api import Rule
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_marketplace.api import BundleRefusedError, Consent, InstallRefusedError
from hyperpersonal_marketplace.installer import Installer

from .conftest import Table

MORE = """
[[rules]]
when = "gift card"
to = "acme/two"

[people]
hours = ["mon-fri 09:00-17:00"]

[voice]
name = "Fern"
greeting = "Hello from Fernhill!"
avoid = ["sorry"]
"""


async def refused(acting: Any) -> str:
    with pytest.raises(RefusedError) as error:
        await acting
    return str(getattr(error.value, "reason", error.value.code))


async def test_that_an_applied_bundle_serves_in_its_order_with_its_rules_hours_and_voice(
    table: Table,
) -> None:
    await table.publish(agent("acme/one"), agent("acme/two", label="gifts"))
    source = text("acme/two", "acme/one", more=MORE)
    assert await table.apply(source) == "done"
    bundle = await table.installations.bundle(table.tenant_id)
    assert await table.order() == ["two", "one"]
    assert bundle.composition.bundle == "acme/evenings@1.0.0"
    assert bundle.composition.voice.name == "Fern"
    assert bundle.composition.people is not None
    present = await table.compositions.present(table.tenant_id)
    assert present.rules == (Rule("gift card", "acme/two"),)
    (run,) = await table.bundles.runs(table.tenant_id)
    assert (run.state, run.name, run.sealed) == ("done", "acme/evenings@1.0.0", None)


async def test_that_the_plan_shows_everything_before_anything_is_done(table: Table) -> None:
    await table.publish(
        agent("acme/one", asks=(ORDERS,), optional=("kv:1MiB",), more=listing("19.00 USD")),
        connector("acme/shop"),
        agent("acme/other"),
    )
    await table.installer.install(table.tenant_id, "acme/other", grants=["knowledge:read"])
    plan = (await table.look(text("acme/one"))).plan
    assert [(s.kind, s.plugin_id, s.named) for s in plan.steps] == [
        ("install", "acme/one", True),
        ("install", "acme/shop", False),
    ]
    assert plan.left_out == ("acme/other",)
    assert {asked.capability: asked.optional for asked in plan.asks} == {
        ORDERS: False, "kv:1MiB": True,
    }  # fmt: skip
    assert plan.month_at_most == "19.00 USD"
    assert await table.installed() == {"other": "1.0.0"}, "looking does nothing"
    assert await table.bundles.runs(table.tenant_id) == []


async def test_that_nothing_is_installed_without_consent_to_this_very_plan(table: Table) -> None:
    await table.publish(agent("acme/one", asks=(ORDERS,)), connector("acme/shop"))
    source = text("acme/one")
    said = await table.consent(source)
    apply = table.bundles.apply
    missing = Consent(said.plan, {})
    assert await refused(apply(table.tenant_id, source, missing)) == "too_little"
    more = Consent(said.plan, {**said.grants, "acme/one": [ORDERS, WRITE]})
    assert await refused(apply(table.tenant_id, source, more)) == "more_than_asked"
    stranger = Consent(said.plan, {**said.grants, "acme/stranger": [ORDERS]})
    assert await refused(apply(table.tenant_id, source, stranger)) == "unknown_plugin"
    await table.publish(agent("acme/one", "1.1.0", asks=(ORDERS, WRITE)))
    assert await refused(apply(table.tenant_id, source, said)) == "plan_changed"
    assert await table.installed() == {}
    assert await table.bundles.runs(table.tenant_id) == []


async def test_that_an_update_gains_no_right_without_consent(table: Table) -> None:
    await table.publish(agent("acme/one", asks=("knowledge:read",)))
    await table.apply(text("acme/one"))
    await table.publish(agent("acme/one", "1.1.0", asks=("knowledge:read",), optional=("kv:1MiB",)))
    step = (await table.look(text("acme/one"))).plan.steps[0]
    assert (step.kind, [p.capability for p in step.permissions]) == ("update", ["kv:1MiB"])
    await table.apply(text("acme/one"))
    (one,) = await table.installations.list(table.tenant_id)
    assert (one.version, one.grants) == ("1.1.0", ("knowledge:read",))
    await table.apply(text("acme/one"), one=["kv:1MiB"])
    (one,) = await table.installations.list(table.tenant_id)
    assert set(one.grants) == {"knowledge:read", "kv:1MiB"}


async def test_that_the_ceiling_is_for_what_may_be_left_out_too(table: Table) -> None:
    await table.publish(agent("acme/one", optional=("kv:1MiB", "memory:contact.read")))
    ceiling = '[ceilings]\ncapabilities = ["knowledge:read", "kv:2MiB"]\n'
    source = text("acme/one", more=ceiling)
    plan = (await table.look(source)).plan
    assert {asked.capability for asked in plan.asks} == {"knowledge:read", "kv:1MiB"}
    assert await refused(table.apply(source, one=["memory:contact.read"])) == "over_ceiling"
    assert await table.installed() == {}
    assert await table.apply(source, one=["kv:1MiB"]) == "done"


class Broken(Installer):
    """Dies at the install of one plugin, as a process that is killed does; `why`: refuses."""

    dies_at = ""
    why: RefusedError | None = None

    async def install(self, tenant_id: UUID, plugin_id: str, *rest: Any, **more: Any) -> UUID:
        if plugin_id == self.dies_at:
            raise self.why or KeyboardInterrupt
        return await super().install(tenant_id, plugin_id, *rest, **more)


def broken(table: Table) -> tuple[Table, Broken]:
    made = Broken(table.market.registry, table.installations, None, table.books)
    return Table(table.market, made), made


async def test_that_a_run_that_was_killed_half_way_is_not_served_and_goes_on_where_it_was(
    table: Table,
) -> None:
    await table.publish(agent("acme/one"), agent("acme/two"), agent("acme/old"))
    await table.installer.install(table.tenant_id, "acme/old", grants=["knowledge:read"])
    dying, installer = broken(table)
    await dying.catalogue.follow()
    installer.dies_at = "acme/two"
    source = text("acme/one", "acme/two")
    with pytest.raises(KeyboardInterrupt):
        await dying.apply(source)
    assert await table.order() == ["old"], "nothing was switched"
    assert await table.installed() == {"old": "1.0.0"}
    assert await refused(table.bundles.resume(table.tenant_id)) == "not_found", (
        "somebody may hold it"
    )
    assert await refused(table.apply(source)) == "under_way"
    await _forget_hold(table)
    run = await table.bundles.resume(table.tenant_id)
    assert (run.state, await table.order()) == ("done", ["one", "two"])


async def test_that_a_step_that_is_refused_stops_the_run_with_its_reason(table: Table) -> None:
    await table.publish(agent("acme/one"), agent("acme/two"))
    stopping, installer = broken(table)
    await stopping.catalogue.follow()
    installer.dies_at, installer.why = "acme/two", InstallRefusedError("cannot_run", "it traps")
    with pytest.raises(BundleRefusedError, match=r"it traps.*Nothing was switched") as error:
        await stopping.apply(text("acme/one", "acme/two"))
    assert error.value.reason == "stopped"
    assert await table.order() == []
    back = await table.bundles.rollback(table.tenant_id)
    assert (back.state, await table.installed()) == ("rolled_back", {})
    assert await table.apply(text("acme/one")) == "done"


async def test_that_what_was_killed_goes_on_by_itself_and_what_was_refused_waits(
    table: Table,
) -> None:
    await table.publish(agent("acme/one"), agent("acme/two"))
    dying, installer = broken(table)
    await dying.catalogue.follow()
    installer.dies_at = "acme/two"
    with pytest.raises(KeyboardInterrupt):
        await dying.apply(text("acme/one", "acme/two"))
    assert await table.bundles.resume_all() == 0, "its process may still be at work"
    await _forget_hold(table)
    installer.why = InstallRefusedError("cannot_run", "it traps")
    assert await dying.bundles.resume_all() == 0
    (run,) = await table.bundles.runs(table.tenant_id)
    assert (run.state, run.why) == ("running", "it traps")
    assert await table.bundles.resume_all() == 0, "its merchant decides"
    assert (await table.bundles.resume(table.tenant_id)).state == "done"
    (run,) = await table.bundles.runs(table.tenant_id)
    assert run.why == ""


async def test_that_a_killed_run_goes_on_without_anybody(table: Table) -> None:
    await table.publish(agent("acme/one"), agent("acme/two"))
    dying, installer = broken(table)
    await dying.catalogue.follow()
    installer.dies_at = "acme/two"
    with pytest.raises(KeyboardInterrupt):
        await dying.apply(text("acme/one", "acme/two"))
    await _forget_hold(table)
    assert await table.bundles.resume_all() == 1
    assert await table.order() == ["one", "two"]


async def _forget_hold(table: Table) -> None:
    async with table.db.transaction(table.tenant_id) as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await connection.execute("update market.bundle_runs set held_until = $1", past)


async def test_that_a_rollback_is_as_it_was_before(table: Table) -> None:
    await table.publish(agent("acme/one"), agent("acme/two"), connector("acme/shop"))
    first = text("acme/one", more='[[rules]]\nwhen = "parcel"\nto = "person"\n')
    await table.apply(first)
    await table.publish(agent("acme/one", "2.0.0"))
    before = await table.compositions.present(table.tenant_id)
    await table.apply(text("acme/two", "acme/one", more=MORE))
    assert await table.installed() == {"one": "2.0.0", "two": "1.0.0"}
    run = await table.bundles.rollback(table.tenant_id)
    assert (run.state, run.why) == ("rolled_back", "")
    assert await table.installed() == {"one": "1.0.0"}
    assert await table.compositions.present(table.tenant_id) == before
    await table.bundles.rollback(table.tenant_id)
    assert await table.order() == [], "the second goes back to what was before the first"
    with pytest.raises(NotFoundError):
        await table.bundles.rollback(table.tenant_id)


async def test_that_a_rollback_says_what_could_not_go_back(table: Table) -> None:
    await table.publish(agent("acme/one"))
    await table.apply(text("acme/one"))
    await table.publish(agent("acme/one", "2.0.0"))
    await table.apply(text("acme/one"))
    await table.market.registry.revoke("acme/one", "1.0.0", "It lies.")
    run = await table.bundles.rollback(table.tenant_id)
    assert "acme/one stays at 2.0.0" in run.why
    assert await table.installed() == {"one": "2.0.0"}


async def test_that_a_connector_in_whose_place_another_serves_is_switched_off(table: Table) -> None:
    await table.publish(agent("acme/one", asks=(ORDERS,)), connector("acme/shop_a"))
    await table.apply(text("acme/one"))
    await table.publish(connector("acme/shop_b"))
    assert (await table.look(text("acme/one"))).plan.changes == (), "what is installed is kept"
    needs = '[[needs]]\nplugin = "acme/shop_b"\n'
    assert (await table.look(text("acme/one", more=needs))).plan.off == ("acme/shop_a",)
    await table.apply(text("acme/one", more=needs))
    assert await table.installed() == {"one": "1.0.0", "shop_b": "1.0.0"}
    await table.bundles.rollback(table.tenant_id)
    assert await table.installed() == {"one": "1.0.0", "shop_a": "1.0.0"}


async def test_that_a_pinned_plugin_stays_and_a_private_one_is_not_there(table: Table) -> None:
    await table.publish(agent("acme/one"))
    await table.apply(text("acme/one"))
    (one,) = await table.installations.list(table.tenant_id)
    await table.books.policies.set(one, "pin")
    await table.publish(agent("acme/one", "1.1.0"))
    assert (await table.look(text("acme/one"))).plan.changes == ()
    found = await table.why_not(text("acme/one ^1.1"))
    assert found.conflict == ("no release of acme/one is ^1.1; there are 1.0.0",)
    await table.books.visibilities.set("acme/secret", "private", [UUID(int=9)])
    await table.publish(agent("acme/secret"))
    found = await table.why_not(text("acme/secret"))
    assert found.conflict == ("there is no plugin acme/secret",)


async def test_that_another_tenants_runs_are_not_seen(table: Table) -> None:
    await table.publish(agent("acme/one"))
    await table.apply(text("acme/one"))
    assert await table.bundles.runs(UUID(int=9)) == []
    with pytest.raises(NotFoundError):
        await table.bundles.rollback(UUID(int=9))


async def test_that_what_cannot_be_says_so_in_words_and_what_would_work(table: Table) -> None:
    await table.publish(
        agent("acme/one", more=listing("19.00 USD")), agent("acme/two", more=listing("12.50 USD")),
        agent("acme/three", more=listing("use")),
    )  # fmt: skip
    found = await table.why_not(
        text("acme/one", "acme/two", more='[ceilings]\nprice = "20.00 USD"\n')
    )
    assert found.conflict[-1] == "all together may cost 20.00 USD a month at most"
    assert found.changes == ("let it cost up to 31.50 USD a month",)
    found = await table.why_not(text("acme/three", more='[ceilings]\nprice = "20.00 USD"\n'))
    assert "names no most a month" in found.conflict[0]
    found = await table.why_not(text("acme/one ^2", more="[ceilings]\ncapabilities = []\n"))
    assert found.changes == (
        "also allow: Search your articles",
        "take acme/one 1.0.0 (you asked for ^2)",
    )
    assert await refused(table.bundles.look(table.tenant_id, "id = 1")) == "bad_bundle"
    assert (
        await refused(table.bundles.look(table.tenant_id, text("acme/one 1.2.3-"))) == "bad_bundle"
    )
