"""`hp keys` and `hp receipts` on a real database: what they say, what they write, how they end."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from click.testing import CliRunner, Result
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.key_service import LocalKeys
from hyperpersonal_core.kit.vault import Vault
from hyperpersonal_core.receipts.due import DueCall
from hyperpersonal_web.cli import cli

TENANT = UUID(int=1)


class Operator:
    """Types `hp …` on a machine with this database and data folder."""

    def __init__(self, dsn: str, nats_url: str, folder: Path) -> None:
        self.folder = folder
        self._env = {"HP_DATABASE_URL": dsn, "HP_NATS_URL": nats_url, "HP_DATA_DIR": str(folder)}

    async def types(self, *words: str) -> Result:
        return await asyncio.to_thread(self._types, words)

    def _types(self, words: tuple[str, ...]) -> Result:
        return CliRunner().invoke(cli, list(words), env=self._env, standalone_mode=False)


@pytest.fixture
async def operator(dsn: str, db: Database, nats_url: str, tmp_path: Path) -> Operator:
    calls = [DueCall("acme/x@1.0.0", "sha256:x", "", "reply", "ok", "aa", {"calls": 1})]
    async with db.transaction(TENANT) as connection:
        await connection.execute(
            "insert into tenants (tenant_id, slug, name, created_at)"
            " values ($1, 'one', 'x', now())",
            TENANT,
        )
        for turn in range(3):
            await connection.execute(
                "insert into receipts_due (tenant_id, turn_id, at, calls) values ($1, $2, $3, $4)",
                TENANT, UUID(int=turn), datetime.now(UTC), msgspec.msgpack.encode(calls),
            )  # fmt: skip
    return Operator(dsn, nats_url, tmp_path / "data")


async def test_that_receipts_go_out_and_are_checked_elsewhere(operator: Operator) -> None:
    file, keys = operator.folder.parent / "one.receipts", operator.folder.parent / "keys.json"
    told = await operator.types("receipts", "export", "one", "--out", str(file))
    assert told.output == f"{file}: 3 receipts\n", told.output
    keys.write_text((await operator.types("receipts", "keys")).output)
    right = await operator.types("receipts", "verify", str(file), "--keys", str(keys))
    assert right.return_value == 0
    assert "right: 3 receipts" in right.output
    assert "sha256:x: calls 3" in right.output
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:1] + lines[2:]))
    wrong = await operator.types("receipts", "verify", str(file), "--keys", str(keys), "--json")
    assert wrong.return_value == 1
    assert [fault["kind"] for fault in msgspec.json.decode(wrong.output)["faults"]] == ["dropped"]


async def test_that_the_whole_goes_to_the_screen_by_id_and_from_a_number(
    operator: Operator,
) -> None:
    told = await operator.types("receipts", "export", f"tnt_{TENANT.hex}", "--first", "3")
    assert told.output.count("\n") == 2


@pytest.mark.parametrize(
    "words",
    [
        ("receipts", "export", "nobody"),
        ("receipts", "verify", "no such file"),
        ("keys", "rotate", "--tenant", "one", "--receipts"),
        ("keys", "rotate", "--tenant", "nobody"),
    ],
)
async def test_that_wrong_usage_is_said(operator: Operator, words: tuple[str, ...]) -> None:
    told = await operator.types(*words)
    assert getattr(told.exception, "exit_code", None) == 2, (told.exception, told.output)


async def test_that_keys_rotate_and_what_was_sealed_still_opens(
    operator: Operator, db: Database
) -> None:
    def vault() -> Vault:
        return Vault(db, LocalKeys(operator.folder / "master.keys"), SystemClock())

    operator.folder.mkdir()
    sealed = await vault().seal(TENANT, "x", b"data")
    told = await operator.types("keys", "rotate")
    assert told.output == "1 tenant keys are wrapped under a new master key\n"
    told = await operator.types("keys", "rotate", "--tenant", "one")
    assert told.output == "key 2 seals what is new of one\n"
    assert await vault().open(TENANT, "x", sealed) == b"data"
    assert (await vault().seal(TENANT, "x", b""))[4] == 2
    await operator.types("keys", "rotate", "--receipts")
    assert len(msgspec.json.decode((await operator.types("receipts", "keys")).output)) == 2
    assert {path.name: path.stat().st_mode & 0o777 for path in operator.folder.glob("*.keys")} == {
        "master.keys": 0o600, "receipt.keys": 0o600,
    }  # fmt: skip
