"""`hp registry` as its keeper uses it: the ceremony, people, and a key that is replaced."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes.full_registry import key
from hyperpersonal_core.kit.db import Database
from hyperpersonal_registry.api import Keeper, KeyFolder, Trust, fingerprint, from_database
from hyperpersonal_web.cli.registry_commands import registry


class Keeping:
    """A keeper's terminal."""

    def __init__(self, folder: Path, dsn: str, nats_url: str) -> None:
        self.folder = folder
        self.keys = folder / "registry-keys"
        self._env = {"HP_DATA_DIR": str(folder), "HP_DATABASE_URL": dsn, "HP_NATS_URL": nats_url}

    def says(self, *command: str) -> Result:
        return CliRunner().invoke(registry, command, env=self._env)

    def does(self, *command: str) -> str:
        result = self.says(*command)
        assert result.exit_code == 0, result.output
        return result.output

    def holders(self, *numbers: int) -> list[str]:
        return [part for n in numbers for part in ("--holder", str(self.keys / f"root-{n}"))]


@pytest.fixture
def keeping(tmp_path: Path, dsn: str, nats_url: str) -> Keeping:
    return Keeping(tmp_path, dsn, nats_url)


def test_that_a_registry_is_begun_and_its_keys_are_replaced(keeping: Keeping) -> None:
    told = keeping.does("init")
    root = (keeping.keys / "root.json").read_bytes()
    assert fingerprint(root) in told
    assert keeping.says("init").exit_code == 2, "a registry has one root"
    assert fingerprint(root) in keeping.does("pin", str(keeping.keys / "root.json"))
    for other in (b"no root", root.replace(b'"version":1', b'"version":2')):
        (keeping.keys / "other.json").write_bytes(other)
        assert keeping.says("pin", str(keeping.keys / "other.json")).exit_code == 2
    (keeping.keys / "other.json").unlink()
    for path in keeping.keys.iterdir():
        if path.suffix not in (".pub", ".json"):
            assert path.stat().st_mode & 0o077 == 0, path
    public = key(221).public_key().public_bytes_raw().hex()
    keeping.does("people", "add", "reviewer", "Ada", public)
    assert keeping.says("people", "add", "admin", "Ada", public).exit_code == 2
    before = (keeping.keys / "timestamp").read_bytes()
    few = keeping.says("rotate", "timestamp", *keeping.holders(1))
    assert few.exit_code == 2
    assert "1/2" in few.output
    keeping.does("rotate", "timestamp", *keeping.holders(1, 3))
    assert (keeping.keys / "timestamp").read_bytes() != before
    keeping.does("rotate", "targets", *keeping.holders(2, 3))
    keeping.does("rotate", "withdrawn", *keeping.holders(1, 2))
    found = json.loads(keeping.does("status", "--json"))
    assert found["root"] == 5
    assert list(found["people"]) == ["Ada"]


def test_that_a_holder_goes_and_another_comes(keeping: Keeping, tmp_path: Path) -> None:
    keeping.does("init")
    newer = KeyFolder(tmp_path / "newer")
    newer.key("root-4")
    gone = KeyFolder(keeping.keys).key("root-1")
    from hyperpersonal_registry.trust.roles import public_of

    draft = str(tmp_path / "next.json")
    added = ("--add", str(tmp_path / "newer" / "root-4.pub"))
    keeping.does("root", "draft", "--out", draft, "--remove", public_of(gone).keyid, *added)
    assert keeping.says("root", "apply", draft).exit_code == 2, "nobody signed it"
    for holder in (keeping.keys / "root-2", keeping.keys / "root-3"):
        keeping.does("root", "sign", draft, "--key", str(holder))
    assert "version 2" in keeping.does("root", "apply", draft)
    assert keeping.says("rotate", "snapshot", *keeping.holders(1, 2)).exit_code == 2
    keeping.does("rotate", "snapshot", *keeping.holders(2, 3))
    wrong = keeping.says("root", "draft", "--out", draft, "--remove", "nobody")
    assert wrong.exit_code == 2


def test_that_a_reviewer_is_named_by_holders_who_are_elsewhere(
    keeping: Keeping, tmp_path: Path
) -> None:
    """As it should be after `init`: the holders' keys are with their holders."""
    keeping.does("init")
    away = tmp_path / "away"
    away.mkdir()
    for path in list(keeping.keys.glob("root-[0-9]*")):
        path.rename(away / path.name)
    draft = str(tmp_path / "next.json")
    ada, grace = (key(n).public_key().public_bytes_raw().hex() for n in (221, 222))
    told = keeping.does("people", "add", "reviewer", "Ada", ada, "--out", draft)
    assert f"hp registry root sign {draft}" in told
    assert f"hp registry root apply {draft}" in told
    status = json.loads(keeping.does("status", "--json"))
    assert (status["root"], list(status["unnamed"])) == (1, ["Ada"])
    assert f"Ada: {ada}" in keeping.does("root", "show", draft)
    assert "log: hyperpersonal.registry/log+" in keeping.does("root", "show", draft)
    assert keeping.says("root", "show", str(away / "root-1")).exit_code == 2
    keeping.does("root", "sign", draft, "--key", str(away / "root-2"))
    assert keeping.says("root", "apply", draft).exit_code == 2, "one of two who must"
    keeping.does("root", "sign", draft, "--key", str(away / "root-3"))
    keeping.does("root", "apply", draft)
    assert json.loads(keeping.does("status", "--json"))["root"] == 2
    both = ("--holder", str(away / "root-1"), "--holder", str(away / "root-2"))
    at_once = keeping.does("people", "add", "reviewer", "Grace", grace, *both)
    assert "root sign" not in at_once
    root = json.loads(keeping.does("status", "--json"))
    assert (root["root"], list(root["people"])) == (3, ["Ada", "Grace"])
    assert root["unnamed"] == {}
    keyid = hashlib.sha256(bytes.fromhex(ada)).hexdigest()
    gone = keeping.does("people", "revoke", keyid, "--reason", "Left.", "--out", draft)
    assert "reviewed again" in gone
    assert "root sign" in gone, "at once for those who hear of it, for good by the holders"
    assert keeping.says("people", "add", "reviewer", "X", ada, "--holder", draft).exit_code == 2


async def test_that_a_host_follows_its_pinned_root_through_changes(
    keeping: Keeping, db: Database, tmp_path: Path
) -> None:
    import asyncio

    await asyncio.to_thread(keeping.does, "init")
    root = (keeping.keys / "root.json").read_bytes()
    host = Keeper(Trust(tmp_path / "host", root), from_database(db))
    assert await host.refresh()
    for role in ("timestamp", "snapshot", "targets", "log"):
        await asyncio.to_thread(keeping.does, "rotate", role, *keeping.holders(1, 2))
        assert await host.refresh(), role
    assert await Keeper(Trust(tmp_path / "newcomer", root), from_database(db)).refresh()


def test_that_the_root_names_the_log_and_its_key_is_replaced(keeping: Keeping) -> None:
    keeping.does("init")
    before = json.loads(keeping.does("status", "--json"))["log_key"]
    assert before["in the root"] == "yes"
    assert before["witnesses"].startswith("0 ")
    assert "version 2" in keeping.does("rotate", "log", *keeping.holders(1, 2))
    after = json.loads(keeping.does("status", "--json"))["log_key"]
    assert after["in the root"] == "yes"
    assert after[""] != before[""]
    assert keeping.says("rotate", "log", *keeping.holders(3)).exit_code == 2
