"""Sealed bytes open for their tenant and purpose only, over every rotation and in every process."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.hooks import hookimpl, open_hooks
from hyperpersonal_core.kit.key_service import LocalKeys, Wrapped
from hyperpersonal_core.kit.vault import SEAL_OVERHEAD_BYTES, SealBrokenError, Vault

ONE, TWO = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
Open = Callable[[], Vault]


class Counted(LocalKeys):
    """A key service that counts what it is asked."""

    asked = 0

    async def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        self.asked += 1
        return await super().unwrap(wrapped, context)


@pytest.fixture
async def tenants(db: Database) -> None:
    async with db.transaction(ONE, TWO) as connection:
        for tenant in (ONE, TWO):
            await connection.execute(
                "insert into tenants (tenant_id, slug, name, created_at)"
                " values ($1, $2, 'x', now())",
                tenant, f"t{tenant.int}",
            )  # fmt: skip


@pytest.fixture
def process(db: Database, tmp_path: Path, tenants: None) -> Open:
    """A vault with nothing in memory, over the same database and master keys."""
    return lambda: Vault(db, Counted(tmp_path / "master.keys"), FixedClock(NOW))


async def test_that_only_its_tenant_and_purpose_open_it(process: Open) -> None:
    vault, draw = process(), random.Random(7)
    for _ in range(300):
        data = draw.randbytes(draw.choice((0, 1, 16, 500)))
        purpose = draw.choice(("journal", "secrets", "journal2", ""))
        sealed = await vault.seal(ONE, purpose, data)
        assert len(sealed) == len(data) + SEAL_OVERHEAD_BYTES
        assert await vault.open(ONE, purpose, sealed) == data
        bit = draw.randrange(len(sealed) * 8)
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        for tenant, meant, text in (
            (TWO, purpose, sealed),
            (ONE, purpose + "x", sealed),
            (ONE, purpose, bytes(altered)),
            (ONE, purpose, sealed[: draw.randrange(len(sealed))]),
        ):
            with pytest.raises(SealBrokenError):
                await vault.open(tenant, meant, text)


async def test_that_another_process_opens_it(process: Open) -> None:
    sealed = await process().seal(ONE, "journal", b"what happened")
    assert await process().open(ONE, "journal", sealed) == b"what happened"


async def test_that_processes_that_start_at_once_agree_on_a_key(
    process: Open, db: Database
) -> None:
    vaults = [process() for _ in range(8)]
    sealed = await asyncio.gather(*(vault.seal(ONE, "x", b"data") for vault in vaults))
    for text in sealed:
        assert await process().open(ONE, "x", text) == b"data"
    async with db.transaction(ONE) as connection:
        assert await connection.fetchval("select count(*) from tenant_keys") == 1


async def test_that_a_rotated_key_seals_what_is_new_and_the_old_one_still_opens(
    process: Open,
) -> None:
    vault, other = process(), process()
    old = await other.seal(ONE, "x", b"old")
    assert await vault.rotate(ONE) == 2
    new = await vault.seal(ONE, "x", b"new")
    assert (old[1:5], new[1:5]) == (b"\0\0\0\1", b"\0\0\0\2")
    for reader in (vault, other, process()):
        assert await reader.open(ONE, "x", old) == b"old"
        assert await reader.open(ONE, "x", new) == b"new"


async def test_that_a_rotation_elsewhere_is_seen_in_time(
    db: Database, tmp_path: Path, tenants: None
) -> None:
    clock = FixedClock(NOW)
    here = Vault(db, LocalKeys(tmp_path / "keys"), clock, held_s=60)
    await here.seal(ONE, "x", b"")
    await Vault(db, LocalKeys(tmp_path / "keys"), clock).rotate(ONE)
    assert (await here.seal(ONE, "x", b""))[4] == 1
    clock.at += timedelta(seconds=61)
    assert (await here.seal(ONE, "x", b""))[4] == 2


async def test_that_a_new_master_wraps_every_tenants_keys_again(
    process: Open, db: Database, tmp_path: Path
) -> None:
    running = process()
    sealed = {tenant: await running.seal(tenant, "x", b"data") for tenant in (ONE, TWO)}
    await running.rotate(ONE)
    assert await process().rotate_master() == 3
    lines = (tmp_path / "master.keys").read_text().splitlines()
    (tmp_path / "master.keys").write_text(lines[-1] + "\n")  # the old master is gone for good
    for tenant, text in sealed.items():
        assert await process().open(tenant, "x", text) == b"data"
        assert await running.open(tenant, "x", text) == b"data"
    assert await process().rotate_master() == 3


async def test_that_a_lost_master_is_named_and_no_bug(process: Open, tmp_path: Path) -> None:
    sealed = await process().seal(ONE, "x", b"data")
    (tmp_path / "master.keys").unlink()
    with pytest.raises(OutsideError, match=r"is not in .*master\.keys"):
        await process().open(ONE, "x", sealed)


async def test_that_a_wrapped_key_moved_to_another_tenant_is_refused(
    process: Open, db: Database
) -> None:
    vault = process()
    await vault.seal(ONE, "x", b"")
    sealed = await vault.seal(TWO, "x", b"")
    async with db.transaction(ONE, TWO) as connection:
        await connection.execute(
            "update tenant_keys set wrapped = (select wrapped from tenant_keys"
            " where tenant_id = $1) where tenant_id = $2", ONE, TWO,
        )  # fmt: skip
    with pytest.raises(RefusedError, match="another tenant"):
        await process().open(TWO, "x", sealed)


async def test_that_keys_are_held_and_bounded(db: Database, tmp_path: Path, tenants: None) -> None:
    service = Counted(tmp_path / "keys")
    vault = Vault(db, service, FixedClock(NOW), held_max=1)
    for _ in range(50):
        await vault.seal(ONE, "x", b"")
    assert service.asked == 1
    await vault.seal(TWO, "x", b"")
    await vault.seal(ONE, "x", b"")
    assert service.asked == 3, "one tenant's keys had to go"


def test_that_a_file_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.keys"
    LocalKeys(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(RefusedError, match="chmod 600"):
        LocalKeys(path)
    path.chmod(0o640)
    LocalKeys(path)


@pytest.mark.parametrize("text", ["", "not base64 at all!", "c2hvcnQ=\n"])
def test_that_a_file_without_keys_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "master.keys"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(RefusedError, match="holds no keys"):
        LocalKeys(path)


def test_that_an_operator_replaces_the_key_service() -> None:
    class Theirs:
        @hookimpl
        def key_service(self) -> str:
            return "theirs"

    assert open_hooks(Theirs()).hook.key_service() == "theirs"
    assert open_hooks().hook.key_service() is None
