"""What a host refuses because of the log: releases outside it, a past that was rewritten.

The attacker owns the database and every online key of the registry, the log's too; publishers and
reviewers conspire with it where a test says so.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.full_registry import SIGNER, FullRegistry, attack, key, load, raw
from fakes.publishing import artifact, manifest
from fakes.rewriting import owner, rewrite
from hyperpersonal_core.kit.db import Database
from hyperpersonal_registry.api import (
    Asking,
    Keeper,
    Registry,
    Trust,
    Witness,
    WitnessAt,
    WitnessState,
    from_database,
)
from hyperpersonal_registry.witness.cosigner import NotCosignedError
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.transparency import checkpoint
from hyperpersonal_sdk.transparency.checkpoint import Witnesses

HELLO, LATER = artifact(), artifact(manifest(version="1.0.1"))
DIGEST, NEXT = (hpx.unpack(one).digest for one in (HELLO, LATER))


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    made = await FullRegistry.open(db, tmp_path)
    assert (await made.publish(HELLO)).state == "published"
    return made


OTHER_BYTES = """update registry.journal set detail = jsonb_set(detail, '{digest}', '"sha256:0"')
where kind = 'release.published'"""


async def test_a_release_that_was_taken_out_of_the_log(full: FullRegistry, dsn: str) -> None:
    """Publisher, reviewers and registry stand for it; only nobody outside should hear of it."""
    assert await load(full.host) == DIGEST
    await attack(dsn, "delete from registry.journal where kind = 'release.published'")
    assert await load(full.host) == DIGEST, "who saw it has its proof"
    assert await load(full.new_host("late")) == "unlogged"


async def test_a_release_which_the_log_has_with_other_bytes(full: FullRegistry, dsn: str) -> None:
    async with owner(dsn) as connection:
        await rewrite(connection, OTHER_BYTES)
    await full.registry.checkpoint()
    assert await load(full.new_host("late")) == "unlogged"


async def test_a_past_that_was_rewritten(
    full: FullRegistry, dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert await load(full.host) == DIGEST
    async with owner(dsn) as connection:
        await rewrite(connection)
    assert (await full.publish(LATER)).state == "published"
    assert not await full.keeper("host").refresh()
    assert await load(full.host, NEXT) == "unknown_release", "no news of a registry that lied"
    assert await load(full.host) == DIGEST
    (evidence,) = (full.folder / "host" / "log" / "split-view").iterdir()
    kept = [(evidence / name).read_bytes() for name in ("seen", "shown")]
    both = [checkpoint.verify(one, SIGNER.public) for one in kept]
    assert both[0].size < both[1].size


async def test_a_log_that_was_cut_off(full: FullRegistry, dsn: str) -> None:
    """Yesterday's log beside today's metadata."""
    assert await load(full.host) == DIGEST
    async with owner(dsn) as connection:
        await rewrite(connection, "delete from registry.journal where n > 2")
    await full.registry.checkpoint()
    trust = full.keeper("host").trust
    with pytest.raises(Exception, match="entries, now it shows 2") as error:
        await asyncio.to_thread(trust.refresh, Follows(full.db, asyncio.get_running_loop()))
    assert error.value.code == "rollback"  # type: ignore[attr-defined]
    assert await load(full.host) == DIGEST


class Follows:
    """A database as a mirror for a thread."""

    def __init__(self, db: Database, loop: asyncio.AbstractEventLoop) -> None:
        self._fetch, self._loop = from_database(db), loop

    def __call__(self, name: str) -> bytes | None:
        return asyncio.run_coroutine_threadsafe(self._later(name), self._loop).result(60)

    async def _later(self, name: str) -> bytes | None:
        return await self._fetch(name)


class Watched:
    """Two witnesses in this process, and a host that wants both."""

    def __init__(self, full: FullRegistry, folder: Path) -> None:
        self.full, self.away = full, set[str]()
        now = lambda: int(datetime.now(UTC).timestamp())  # noqa: E731
        self._made = {
            f"http://w{n}": Witness(f"witness.example/{n}", key(240 + n), [SIGNER.public],
                                    WitnessState.make(folder / f"w{n}.sqlite"), now)
            for n in (1, 2)
        }  # fmt: skip
        self.ask = self.asking(10).ask
        self.keys = tuple(one.public for one in self._made.values())

    def asking(self, deadline_s: float) -> Asking:
        at = [WitnessAt(one.public, url) for url, one in self._made.items()]
        return Asking(self.full.registry.ground, at, self._post, deadline_s)

    async def _post(self, url: str, body: bytes) -> tuple[int, bytes]:
        base = url.removesuffix("/add-checkpoint")
        if base in self.away:
            await asyncio.sleep(3600)
        try:
            return 200, self._made[base].add_checkpoint(body)
        except NotCosignedError as error:
            return error.status, f"{error.size}\n".encode()

    def host(self, name: str, needed: int) -> Registry:
        wanted = Witnesses(self.keys, needed)
        trust = Trust(self.full.folder / name, self.full.root, witnesses=wanted)
        keeper = Keeper(trust, from_database(self.full.db))
        return Registry(self.full.db, self.full.blobs, self.full.clock, keeper=keeper)


async def test_a_host_that_wants_witnesses(full: FullRegistry, tmp_path: Path) -> None:
    watched = Watched(full, tmp_path)
    host = watched.host("careful", 2)
    assert await load(host) == "unlogged", "nobody saw it yet"
    assert await watched.ask() == 2
    assert await load(host) == DIGEST
    assert await watched.ask() == 0, "who signed is not asked again"
    stranger = Trust(full.folder / "stranger", full.root, witnesses=Witnesses(
        (checkpoint.NoteKey("witness.example/1", raw(key(99)), 4),), 1))  # fmt: skip
    keeper = Keeper(stranger, from_database(full.db))
    assert await load(Registry(full.db, full.blobs, full.clock, keeper=keeper)) == "unlogged"


async def test_a_split_view_past_witnesses(full: FullRegistry, dsn: str, tmp_path: Path) -> None:
    """The registry shows a new host another past than its witnesses: they sign one only."""
    watched = Watched(full, tmp_path)
    assert await watched.ask() == 2
    async with owner(dsn) as connection:
        await rewrite(connection)
    assert (await full.publish(LATER)).state == "published"
    assert await watched.ask() == 0
    assert await load(watched.host("careful", 1), NEXT) == "unlogged"
    assert await load(watched.host("careless", 0), NEXT) == NEXT, "with nothing to compare it to"


async def test_a_witness_that_is_away(full: FullRegistry, tmp_path: Path) -> None:
    watched = Watched(full, tmp_path)
    watched.away = {"http://w1"}
    assert await watched.asking(1.0).ask() == 1
    assert await load(watched.host("one", 1)) == DIGEST
    two = watched.host("two", 2)
    assert await load(two) == "unlogged"
    assert (await full.publish(LATER)).state == "published", "nobody waits for witnesses"
    watched.away = set()
    assert await watched.ask() == 2
    assert await load(two) == DIGEST
    assert await load(two, NEXT) == NEXT


async def test_a_checkpoint_that_grows_while_witnesses_are_slow(
    full: FullRegistry, tmp_path: Path
) -> None:
    """A busy log: the newest was seen by nobody, and hosts go on with what was."""
    watched = Watched(full, tmp_path)
    host = watched.host("careful", 2)
    await watched.ask()
    assert await load(host) == DIGEST
    for number in range(2, 6):
        await full.publish(artifact(manifest(version=f"1.0.{number}")))
        assert await load(watched.host(f"new-{number}", 2)) == DIGEST
    async with full.db.transaction() as connection:
        rows = await connection.fetchval("select count(*) from registry.checkpoints")
    assert rows == 2, "one a count of witnesses, however long the log lives"


async def test_an_operator_who_wants_more_later(full: FullRegistry, tmp_path: Path) -> None:
    watched = Watched(full, tmp_path)
    assert await load(watched.host("same", 0)) == DIGEST
    assert await load(watched.host("same", 2)) == "unlogged"
    await watched.ask()
    assert await load(watched.host("same", 2)) == DIGEST
