from typing import Any
from uuid import UUID

import pytest
from fakes.publishing import artifact, manifest
from hyperpersonal_core.api import Secrets
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_marketplace.api import InstallRefusedError
from hyperpersonal_runtime.api import CallScope
from hyperpersonal_sdk.capabilities import CapabilitySet

from .conftest import Market

ORDERS = "tool:commerce.orders.read"
REFUND = "money:refund<=100.00 USD/turn"
CONFIG = """
[config]
type = "object"
required = ["greeting"]
additionalProperties = false
[config.properties.greeting]
type = "string"
maxLength = 20
"""
SECRETS = """
[[secrets]]
header = "Authorization"
why = "The shop's key."
"""


async def install(market: Market, *grants: str, **more: Any) -> UUID:
    return await market.installer.install(market.tenant_id, "acme/hello", grants=grants, **more)


async def refused(market: Market, *grants: str, **more: Any) -> InstallRefusedError:
    with pytest.raises(InstallRefusedError) as error:
        await install(market, *grants, **more)
    assert await market.installations.list(market.tenant_id) == []
    return error.value


async def test_that_an_installed_agent_is_in_the_tenants_bundle(market: Market) -> None:
    digest = await market.publish(artifact())
    offer = await market.installer.offer("acme/hello")
    installed = await install(market, *(one.capability for one in offer.permissions))
    bundle = await market.installations.bundle(market.tenant_id)
    assert bundle.installations[installed].digest == digest == offer.digest
    assert bundle.installations[installed].grants == ("knowledge:read",)
    assert [(card.installation_id, card.labels) for card in bundle.cards] == [
        (installed, ("order",))
    ]


async def test_that_grants_never_exceed_what_is_asked(market: Market) -> None:
    await market.publish(artifact(manifest(asks=(ORDERS, REFUND))))
    too_much = await refused(market, ORDERS, "money:refund<=100.01 USD/turn")
    assert too_much.reason == "more_than_asked"
    assert (await refused(market, ORDERS, REFUND, "kv:1MiB")).reason == "more_than_asked"
    assert (await refused(market, ORDERS, "money:refund")).reason == "bad_grant"
    installed = await install(market, ORDERS, "money:refund<=5 USD/turn")
    assert await market.grants(installed) == ("money:refund<=5.00 USD/turn", ORDERS)


async def test_that_what_is_required_must_be_given(market: Market) -> None:
    await market.publish(artifact(manifest(asks=(ORDERS,), optional=(REFUND,))))
    error = await refused(market, REFUND)
    assert error.reason == "too_little"
    assert "Read orders" in str(error)
    await install(market, ORDERS)


async def test_that_a_plugin_is_installed_once_and_removed_whole(market: Market) -> None:
    await market.publish(artifact())
    installed = await install(market, "knowledge:read")
    with pytest.raises(ConflictError):
        await install(market, "knowledge:read")
    await market.installer.uninstall(market.tenant_id, installed)
    assert await market.installations.list(market.tenant_id) == []
    with pytest.raises(NotFoundError):
        await market.installer.uninstall(market.tenant_id, installed)


async def test_that_only_trusted_releases_are_installed(market: Market) -> None:
    with pytest.raises(NotFoundError):
        await install(market, "knowledge:read")
    await market.publish(artifact())
    await market.registry.revoke_key((await market.registry.journal())[0].detail["key"], "Stolen.")
    with pytest.raises(RefusedError) as error:
        await install(market, "knowledge:read")
    assert error.value.code == "release_refused"


async def test_that_a_good_config_is_kept_and_can_be_changed(market: Market) -> None:
    await market.publish(artifact(manifest(more=CONFIG)))
    installed = await install(market, "knowledge:read", config={"greeting": "hi"})
    await market.installer.configure(market.tenant_id, installed, {"greeting": "hello"})
    (one,) = await market.installations.list(market.tenant_id)
    assert one.config == {"greeting": "hello"}
    with pytest.raises(InstallRefusedError):
        await market.installer.configure(market.tenant_id, installed, {})


HTTP = "http:* https://*.shop.example/v1/*"


async def test_that_config_and_secrets_are_checked_before_anything_is_installed(
    market: Market,
) -> None:
    await market.publish(artifact(manifest(asks=(HTTP,), more=SECRETS + CONFIG)))
    assert (await refused(market, HTTP)).reason == "bad_config"
    assert (await refused(market, HTTP, config={"greeting": "hi"})).reason == "bad_secret"


async def test_that_an_update_keeps_secrets_place_and_config(market: Market) -> None:
    more = SECRETS + CONFIG
    await market.publish(artifact(manifest(asks=(HTTP,), more=more)))
    secrets = {"https://a.shop.example": {"authorization": "Bearer x"}}
    installed = await install(market, HTTP, config={"greeting": "hi"}, secrets=secrets)
    await market.installations.switch(market.tenant_id, installed, enabled=False)
    await market.publish(artifact(manifest(version="1.1.0", asks=(HTTP,), more=more)))
    updated = await market.installer.update(market.tenant_id, installed)
    assert (updated.version, updated.waiting) == ("1.1.0", ())
    (one,) = await market.installations.list(market.tenant_id)
    assert (one.id, one.version, one.enabled, one.config) == (
        installed, "1.1.0", False, {"greeting": "hi"},
    )  # fmt: skip
    scope = CallScope(str(market.tenant_id), str(installed))
    held = Secrets(market.db, market.vault, SystemClock())
    assert await held.headers_for(scope, "https://a.shop.example/x") == {
        "authorization": "Bearer x"
    }


async def test_that_an_update_never_widens_without_consent(market: Market) -> None:
    await market.publish(artifact(manifest(asks=(ORDERS,), optional=("kv:1MiB",))))
    installed = await install(market, ORDERS)
    wider = manifest(version="2.0.0", asks=(ORDERS, REFUND), optional=("kv:1MiB",))
    await market.publish(artifact(wider))
    updated = await market.installer.update(market.tenant_id, installed)
    assert updated.grants == await market.grants(installed) == (ORDERS,)
    assert updated.waiting == (REFUND,), "what was declined before is not asked again"
    await market.installer.consent(market.tenant_id, installed, [ORDERS, REFUND])
    assert await market.grants(installed) == (REFUND, ORDERS)


async def test_that_an_update_drops_what_is_no_longer_asked(market: Market) -> None:
    await market.publish(artifact(manifest(asks=(ORDERS, REFUND))))
    installed = await install(market, ORDERS, REFUND)
    less = manifest(version="1.1.0", asks=(ORDERS, "money:refund<=50.00 USD/turn"))
    await market.publish(artifact(less))
    await market.installer.update(market.tenant_id, installed)
    granted = await market.grants(installed)
    assert CapabilitySet.parse(granted).texts == ("money:refund<=50.00 USD/turn", ORDERS)
    back = await market.installer.update(market.tenant_id, installed, "1.0.0")
    assert back.waiting == (REFUND,)
    assert await market.grants(installed) == granted, "going back does not widen either"


async def test_that_consent_is_bound_to_the_installed_release(market: Market) -> None:
    await market.publish(artifact(manifest(asks=(ORDERS,))))
    installed = await install(market, ORDERS)
    await market.publish(artifact(manifest(version="2.0.0", asks=(ORDERS, REFUND))))
    with pytest.raises(InstallRefusedError) as error:
        await market.installer.consent(market.tenant_id, installed, [ORDERS, REFUND])
    assert error.value.reason == "more_than_asked"


async def test_that_an_update_must_take_the_present_config(market: Market) -> None:
    await market.publish(artifact())
    installed = await install(market, "knowledge:read")
    await market.publish(artifact(manifest(version="2.0.0", more=CONFIG)))
    with pytest.raises(InstallRefusedError) as error:
        await market.installer.update(market.tenant_id, installed)
    assert error.value.reason == "bad_config"
    (one,) = await market.installations.list(market.tenant_id)
    assert one.version == "1.0.0"


async def test_that_another_tenants_installation_cannot_be_touched(market: Market) -> None:
    await market.publish(artifact())
    installed = await install(market, "knowledge:read")
    stranger = UUID(int=7)
    for act in (
        market.installer.update(stranger, installed),
        market.installer.consent(stranger, installed, []),
        market.installer.configure(stranger, installed, {}),
    ):
        with pytest.raises(NotFoundError):
            await act


async def test_that_a_bundle_is_composed_in_the_tenants_order(market: Market) -> None:
    await market.publish(artifact())
    await market.publish(artifact(manifest("acme/bye")))
    first = await install(market, "knowledge:read")
    second = await market.installer.install(market.tenant_id, "acme/bye", grants=["knowledge:read"])
    await market.installer.compose_bundle(market.tenant_id, [second, first])
    bundle = await market.installations.bundle(market.tenant_id)
    assert [card.installation_id for card in bundle.cards] == [second, first]
    with pytest.raises(NotFoundError):
        await market.installer.compose_bundle(market.tenant_id, [UUID(int=5)])
