"""Credentials at rest are sealed; in memory they are held until the installation changes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hyperpersonal_core.installations.secrets import Secrets, seal_open_secrets
from hyperpersonal_core.installations.service import Installations
from hyperpersonal_core.installations.values import NewInstallation
from hyperpersonal_core.kit.clock import FixedClock, SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import CallerBugError, NotFoundError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.kit.vault import SealBrokenError, Vault
from hyperpersonal_runtime.api import CallScope

ONE, TWO = UUID(int=1), UUID(int=2)
CANARY = "sk-canary-5f21b8"
URL = "https://shop.example/orders"
HELD = {"https://shop.example": {"Authorization": f"Bearer {CANARY}"}}
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
async def installations(db: Database, vault: Vault) -> Installations:
    async with db.transaction(ONE, TWO) as connection:
        for tenant in (ONE, TWO):
            await connection.execute(
                "insert into tenants (tenant_id, slug, name, created_at)"
                " values ($1, $2, 'x', now())", tenant, f"t{tenant.int}",
            )  # fmt: skip
    return Installations(db, SystemClock(), Uuid7Ids(), vault)


def shop(name: str = "shop", **more: Any) -> NewInstallation:
    return NewInstallation(f"acme/{name}", "1.0.0", "sha256:c", "connector", {}, **more)


async def rows(db: Database) -> list[Any]:
    async with db.transaction(ONE, TWO) as connection:
        return await connection.fetch("select * from installations")


class Versions:
    """The routing version turns run with, and a database that counts."""

    def __init__(self) -> None:
        self.now: int | None = None

    def __call__(self, scope: CallScope) -> int | None:
        return self.now


async def test_that_no_secret_is_stored_in_the_clear(
    db: Database, installations: Installations
) -> None:
    new = shop(secrets=HELD)
    installed = await installations.install(ONE, new)
    assert CANARY not in str(await rows(db))
    assert CANARY not in repr(new)
    await installations.set_secrets(ONE, installed, {URL: {"X-Key": CANARY}})
    assert CANARY not in str(await rows(db))
    with pytest.raises(NotFoundError):
        await installations.set_secrets(TWO, installed, HELD)
    with pytest.raises(CallerBugError):
        await Installations(db, SystemClock(), Uuid7Ids()).install(ONE, new)


async def test_that_sealed_secrets_of_another_installation_do_not_open(
    db: Database, installations: Installations, vault: Vault
) -> None:
    """Whoever may write rows still cannot give one plugin another one's credentials."""
    await installations.install(ONE, shop(secrets=HELD))
    thief = await installations.install(ONE, shop("thief", secrets={}))
    async with db.transaction(ONE) as connection:
        await connection.execute(
            "update installations set sealed_secrets = (select sealed_secrets from installations"
            " where plugin_id = 'acme/shop') where plugin_id = 'acme/thief'"
        )
    with pytest.raises(SealBrokenError):
        await Secrets(db, vault, SystemClock()).headers_for(CallScope(str(ONE), str(thief)), URL)


async def test_that_secrets_stored_before_there_was_a_vault_are_sealed(
    db: Database, installations: Installations, vault: Vault
) -> None:
    old = [await installations.install(tenant, shop()) for tenant in (ONE, TWO)]
    async with db.transaction(ONE, TWO) as connection:
        await connection.execute("update installations set secrets = $1", HELD)
    scope = CallScope(str(TWO), str(old[1]))
    expected = HELD["https://shop.example"]
    assert await Secrets(db, vault, SystemClock()).headers_for(scope, URL) == expected
    assert await seal_open_secrets(db, vault) == 2
    assert await seal_open_secrets(db, vault) == 0
    assert CANARY not in str(await rows(db))
    assert await Secrets(db, vault, SystemClock()).headers_for(scope, URL) == expected


async def test_that_secrets_are_held_for_a_routing_version(
    db: Database, installations: Installations, vault: Vault
) -> None:
    versions = Versions()
    secrets = Secrets(db, vault, FixedClock(NOW), versions)
    scope = CallScope(str(ONE), str(await installations.install(ONE, shop(secrets=HELD))))
    versions.now = (await installations.bundle(ONE)).version
    assert await secrets.headers_for(scope, URL) == {"Authorization": f"Bearer {CANARY}"}
    async with db.transaction(ONE) as connection:  # not by the service: no new version
        await connection.execute("update installations set sealed_secrets = null")
    assert CANARY in str(await secrets.headers_for(scope, URL)), "held"
    await installations.set_secrets(ONE, UUID(scope.installation_id), {URL: {"X-Key": "new-key"}})
    versions.now = (await installations.bundle(ONE)).version
    assert await secrets.headers_for(scope, URL) == {"X-Key": "new-key"}
    assert CANARY not in repr(vars(secrets))


async def test_that_outside_a_turn_they_are_held_for_seconds(
    db: Database, installations: Installations, vault: Vault
) -> None:
    clock = FixedClock(NOW)
    secrets = Secrets(db, vault, clock)
    scope = CallScope(str(ONE), str(await installations.install(ONE, shop(secrets=HELD))))
    assert await secrets.headers_for(scope, URL)
    await installations.set_secrets(ONE, UUID(scope.installation_id), {})
    assert await secrets.headers_for(scope, URL), "held"
    clock.at += timedelta(seconds=6)
    assert await secrets.headers_for(scope, URL) == {}
