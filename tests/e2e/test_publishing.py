"""An author's commands against a registry: keys, names, handing in, verdicts, appeal, rotation."""

import asyncio
import json
import stat
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import show
from hyperpersonal_registry.api import Submission, Verdict, Visibilities
from hyperpersonal_sdk import hpx, key_files
from hyperpersonal_sdk.cli import plugin

from .test_registry_http import Site, site  # noqa: F401 - a fixture


class Desk:
    """An author's machine: a home, a folder, and the commands."""

    def __init__(self, registry: Site, home: Path) -> None:
        self.site, self.home = registry, home
        url = registry.url
        self.env = {"HOME": str(home), "HP_REGISTRY_URL": url, "HP_DATA_DIR": str(home)}
        self.key = home / ".config" / "hyperpersonal" / "publisher.key"
        self.plugin = home / "order_help"

    async def hp(self, *words: str, code: int = 0) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, plugin, list(words), env=self.env)
        assert done.exit_code == code, (words, done.output, done.exception)
        assert "Traceback" not in done.output
        return done.output

    async def begin(self) -> None:
        """A plugin, a key and a namespace."""
        await self.hp("init", "acme/order_help", "--into", str(self.plugin))
        await self.hp("keys", "new")
        await self.hp("claim", "acme")
        await self.site.registry.claims.approve("acme", "an admin")

    async def publish(self, *failing: str, words: tuple[str, ...] = (), code: int = 0) -> str:
        """Hand it in; the checks say PASS but for some."""
        publishing = asyncio.create_task(self.hp("publish", str(self.plugin), *words, code=code))
        digest = hpx.digest_of(hpx.collect(self.plugin))
        async with asyncio.timeout(60):
            while not any(one.digest == digest for one in await self.waiting()):
                await asyncio.sleep(0.05)
        report = [
            Verdict(name, "FAIL", "Mend line 7.", ("a.py:7",))
            if name in failing
            else Verdict(name, "PASS")
            for name in self.site.registry.ground.policy.checks
        ]
        await self.site.registry.record_verdicts(digest, report)
        return await publishing

    async def waiting(self) -> list[Submission]:
        return await self.site.registry.queue.waiting(("submitted",))

    def version(self, number: str) -> None:
        """The author names another version."""
        manifest = self.plugin / "plugin.toml"
        lines = manifest.read_text().splitlines(keepends=True)
        at = next(n for n, line in enumerate(lines) if line.startswith("version"))
        manifest.write_text("".join([*lines[:at], f'version = "{number}"\n', *lines[at + 1 :]]))


@pytest.fixture
def desk(site: Site, tmp_path: Path) -> Desk:  # noqa: F811 - the fixture
    (tmp_path / "home").mkdir()
    return Desk(site, tmp_path / "home")


async def test_that_an_author_hands_in_and_hears_what_is_next(desk: Desk) -> None:
    await desk.begin()
    assert "knows you as" in await desk.hp("login")
    assert "waits" not in (told := await desk.publish())
    assert "acme/order_help@0.1.0 sha256:" in told
    assert ": checked" in told
    digest = hpx.digest_of(hpx.collect(desk.plugin))
    assert (
        f"a review by 1 more person\nNext: wait for the reviewers: `hp plugin status {digest}"
        in told
    )
    assert ": checked" in await desk.hp("status", digest)
    shown = json.loads(await desk.hp("status", str(desk.plugin), "--json"))
    assert shown["state"] == "checked"
    assert {one["verdict"] for one in shown["verdicts"]} == {"PASS"}
    login = desk.home / ".config" / "hyperpersonal" / "login.json"
    assert stat.S_IMODE(login.stat().st_mode) == 0o600
    again = await desk.hp("claim", "other", "--domain", "other.example", code=1)
    assert "your key speaks for 'acme' already" in again
    assert "keys new --key FILE" in again
    assert "there is no" in await desk.hp("yank", "acme/other@1.0.0", "--reason", "x", code=1)


async def test_that_an_author_reads_its_name_keys_and_what_was_handed_in(desk: Desk) -> None:
    await desk.hp("init", "acme/order_help", "--into", str(desk.plugin))
    await desk.hp("keys", "new")
    assert "no name yet" in await desk.hp("namespaces")
    assert json.loads(await desk.hp("namespaces", "--json")) == []
    await desk.hp("claim", "acme")
    await desk.site.registry.claims.approve("acme", "an admin")
    await desk.publish()
    (mine,) = json.loads(await desk.hp("namespaces", "--json"))
    assert (mine["name"], len(mine["keys"]), len(mine["submissions"])) == ("acme", 1, 1)
    assert len((await desk.hp("login", "--print-token")).split()) == 1
    told = await desk.hp("namespaces")
    assert "acme: given" in told
    assert "(yours)" in told
    assert "acme/order_help@" in told


async def test_that_a_failed_check_is_told_with_its_place_and_can_be_appealed(desk: Desk) -> None:
    await desk.begin()
    name = desk.site.registry.ground.policy.checks[-1]
    told = await desk.publish(name, code=1)
    assert f"FAIL    {name}: Mend line 7." in told
    assert "a.py:7" in told
    assert "appeal" in told.splitlines()[-1]
    assert "reviewer reads it" in await desk.hp("appeal", str(desk.plugin), "It is meant so.")
    found = await desk.site.registry.submission(hpx.digest_of(hpx.collect(desk.plugin)))
    assert found.appeal == "It is meant so."


async def test_that_what_is_wrong_is_refused_before_anything_leaves(desk: Desk) -> None:
    await desk.begin()
    source = next(desk.plugin.glob("hyperpersonal_plugin_*/__init__.py"))
    source.write_text(source.read_text() + "exec('x = 1')\n")
    told = await desk.hp("publish", str(desk.plugin), code=1)
    assert f"{source.relative_to(desk.plugin)}:16" in told
    assert await desk.waiting() == []
    assert "was handed in" in await desk.hp("status", "sha256:" + "0" * 64, code=1)
    assert "neither a digest" in await desk.hp("status", "nothing", code=1)


async def test_that_a_key_is_rotated_and_signs_on(desk: Desk) -> None:
    await desk.begin()
    await desk.publish()
    old = key_files.load_key(desk.key)
    assert "is the new key now" in await desk.hp("keys", "rotate", "acme")
    new = key_files.load_key(desk.key)
    assert key_files.public_text(new) != key_files.public_text(old)
    assert key_files.public_path(desk.key).read_text().strip() == key_files.public_text(new)
    (kept,) = [one for one in desk.key.parent.glob("publisher.key.2*") if one.suffix != ".pub"]
    assert key_files.public_text(key_files.load_key(kept)) == key_files.public_text(old)
    trusted = (await desk.site.registry.keys_of("acme")).trusted
    assert {one.public.hex() for one in trusted} == set(map(key_files.public_text, (old, new)))
    desk.version("0.2.0")
    assert "acme/order_help@0.2.0" in await desk.publish()


async def test_that_a_refused_rotation_changes_nothing(desk: Desk) -> None:
    await desk.begin()
    before = desk.key.read_bytes()
    assert "does not speak for 'other'" in await desk.hp("keys", "rotate", "other", code=1)
    assert desk.key.read_bytes() == before
    desk.key.chmod(0o640)
    assert "chmod 600" in await desk.hp("keys", "rotate", "acme", code=1)
    assert desk.key.read_bytes() == before


async def test_that_a_private_plugin_is_seen_by_its_shops_only(desk: Desk, db: Database) -> None:
    await desk.begin()
    wrong = ("publish", str(desk.plugin), "--private-to", "nobody")
    assert "nobody" in await desk.hp(*wrong, code=1)
    assert await desk.waiting() == []
    ours = uuid4()
    await desk.publish(words=("--private-to", show("tenant", ours)))
    seen = Visibilities(db, SystemClock())
    assert not await seen.may("acme/order_help", None)
    assert not await seen.may("acme/order_help", uuid4())
    assert await seen.may("acme/order_help", ours)
