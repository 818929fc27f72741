"""Families of attacks on trust metadata that the attacker plays from the registry's own database,
through the door every host loads by. The others are in `tests/security/registry`.

Source of the classes: The Update Framework specification 1.0, section 1.5.2.
"""

from pathlib import Path

import pytest
from fakes.full_registry import HOLDERS, ONLINE, FullRegistry, attack, key, load
from fakes.publishing import artifact, manifest
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_registry.trust import ceremony
from hyperpersonal_registry.trust.roles import Lifetimes, public_of
from hyperpersonal_registry.trust.store import MetadataStore, read
from hyperpersonal_sdk import hpx
from tuf.api.metadata import Metadata, Root

HELLO, LATER = artifact(), artifact(manifest(version="1.0.1"))
FIRST, SECOND = hpx.unpack(HELLO).digest, hpx.unpack(LATER).digest
NO_NEWS = {"unreachable", "untrusted_metadata", "unknown_release", "unreviewed"}


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    made = await FullRegistry.open(db, tmp_path)
    await made.publish(HELLO)
    assert await load(made.host) == FIRST
    return made


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "acme"])
async def test_endless_data(full: FullRegistry, dsn: str, role: str) -> None:
    await full.publish(LATER)
    rows = "update registry.tuf_files set data = data || $2::bytea where name ~ $1"
    await attack(dsn, rows, rf"(^|\.){role}\.json$", b" " * 8_000_000)
    assert await load(full.new_host("fresh"), SECOND) in NO_NEWS
    assert await load(full.host) == FIRST  # who knew goes on with what it knew


async def test_mix_and_match(full: FullRegistry, dsn: str) -> None:
    """Old metadata of one publisher among new metadata of all others."""
    await full.publish(LATER)
    old = "select data from registry.tuf_files where name = '1.acme.json'"
    await attack(dsn, f"update registry.tuf_files set data = ({old}) where name = '2.acme.json'")
    assert await load(full.new_host("fresh"), SECOND) in NO_NEWS
    assert await load(full.new_host("again")) in NO_NEWS


async def test_fast_forward(full: FullRegistry) -> None:
    """Somebody with the registry's keys jumps ahead: nothing is lost, and the registry goes on."""
    thief = MetadataStore(ONLINE, SystemClock())
    async with full.db.transaction() as connection, thief.writing(connection) as repository:
        repository._timestamp.signed.version = repository._snapshot.signed.version = 10**6
        repository._publish(SystemClock().now().replace(microsecond=0))
    assert await load(full.new_host("jumped")) == FIRST
    full.registry = full.again()
    await full.publish(LATER)
    assert await load(full.new_host("jumped"), SECOND) == SECOND
    assert await load(full.new_host("fresh"), SECOND) == SECOND


async def test_a_wrong_target_under_a_known_name(full: FullRegistry, dsn: str) -> None:
    """A release its publisher and a reviewer stand for, handed out as another one."""
    await full.publish(LATER)
    await attack(dsn, "update registry.releases set version = '9.9.9' where digest = $1", SECOND)
    assert await load(full.new_host("fresh"), SECOND) in {"wrong_name", "unknown_release"}
    paths = sorted(full.folder.rglob("*.hpx"))
    held = [path.read_bytes() for path in paths]
    for path, data in zip(paths, reversed(held), strict=True):
        path.write_bytes(data)
    assert await load(full.new_host("swapped")) == "altered"


@pytest.mark.parametrize("holders", [[HOLDERS[0]], [HOLDERS[0], key(66)], [HOLDERS[0]] * 2, []])
async def test_root_keys_under_the_threshold(
    full: FullRegistry, dsn: str, holders: list[object]
) -> None:
    async with full.db.transaction() as connection:
        newest = await read(connection, "2.root.json")  # the one that names the reviewers
    assert newest is not None
    root = Metadata[Root].from_bytes(newest)
    forged = ceremony.next_root(root, SystemClock().now().replace(microsecond=0), Lifetimes())
    forged.signed.add_key(public_of(key(66)), "timestamp")
    ceremony.sign(forged, *holders)  # type: ignore[arg-type]
    insert = "insert into registry.tuf_files values ('3.root.json', $1, now())"
    await attack(dsn, insert, forged.to_bytes())
    assert await load(full.new_host("fresh")) in NO_NEWS
    assert await load(full.host) == FIRST
