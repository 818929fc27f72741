import os
import time
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from fakes.effort import signature_ms
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_registry.api import (
    FolderBlobs,
    PublishRefusedError,
    Registry,
    ReleaseRefusedError,
)
from hyperpersonal_sdk.transparency.merkle import leaf_hash
from msgspec import structs

LOADS = int(os.environ.get("HP_TEST_LOADS", "200"))


@pytest.fixture
async def digest(registry: Registry, publisher: Publisher) -> str:
    packed = artifact()
    return (await registry.publish(packed, publisher.sign(packed))).digest


@pytest.fixture(params=["cold", "warm"])
async def loader(
    request: pytest.FixtureRequest,
    registry: Registry,
    db: Database,
    blobs: FolderBlobs,
    clock: FixedClock,
    digest: str,
) -> Registry:
    """A process that never loaded the release, and one that did."""
    if request.param == "warm":
        await registry.load(digest)
        return registry
    return Registry(db, blobs, clock)


async def refused(registry: Registry, digest: str) -> str:
    with pytest.raises(ReleaseRefusedError) as error:
        await registry.load(digest)
    assert error.value.code == "release_refused"
    return error.value.reason


async def owner(dsn: str, statement: str, *arguments: object) -> None:
    """What somebody with the database's own password could do."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement, *arguments)
    finally:
        await connection.close()


async def test_that_an_unknown_digest_is_refused(registry: Registry) -> None:
    assert await refused(registry, "sha256:" + "0" * 64) == "unknown"


async def test_that_an_altered_artifact_is_refused(
    registry: Registry, digest: str, tmp_path: Path
) -> None:
    (path,) = (tmp_path / "blobs").rglob("*.hpx")
    right = path.read_bytes()
    for wrong in (
        right.replace(b'"Hi"', b'"Yo"'),
        right[:-1],
        right + b"x",
        b"",
        artifact(x="y=1"),
    ):
        path.write_bytes(wrong)
        assert await refused(registry, digest) == "altered"
    path.unlink()
    assert await refused(registry, digest) == "lost"
    path.write_bytes(right)
    assert (await registry.load(digest)).digest == digest


async def test_that_a_release_without_its_signature_is_refused(
    loader: Registry, digest: str, dsn: str, publisher: Publisher
) -> None:
    await owner(dsn, "update registry.envelopes set envelope = ''")
    assert await refused(loader, digest) == "unsigned"
    other = artifact(manifest("acme/other"))
    await owner(dsn, "update registry.envelopes set envelope = $1", publisher.sign(other))
    assert await refused(loader, digest) in {"wrong_name", "altered"}
    await owner(dsn, "update registry.envelopes set envelope = $1", Publisher(2).sign(artifact()))
    assert await refused(loader, digest) == "unknown_key"


async def test_that_a_renamed_row_is_refused(loader: Registry, digest: str, dsn: str) -> None:
    await owner(dsn, "update registry.releases set plugin_id = 'acme/other'")
    assert await refused(loader, digest) == "wrong_name"
    await owner(dsn, "update registry.releases set plugin_id = 'acme/hello', version = '9.9.9'")
    assert await refused(loader, digest) == "wrong_name"


async def test_that_a_row_moved_to_another_namespace_is_refused(
    loader: Registry, digest: str, dsn: str
) -> None:
    await loader.create_namespace("mallory", Publisher(9).public)
    await owner(dsn, "update registry.releases set plugin_id = 'mallory/hello'")
    assert await refused(loader, digest) == "unknown_key"


async def test_that_a_yanked_release_runs_on_where_it_is_and_is_offered_no_more(
    loader: Registry, digest: str
) -> None:
    await loader.yank("acme/hello", "1.0.0", "It greets twice.")
    assert (await loader.load(digest)).digest == digest
    with pytest.raises(NotFoundError):
        await loader.find("acme/hello")


async def test_that_a_revoked_release_stays_refused(loader: Registry, digest: str) -> None:
    await loader.revoke("acme/hello", "1.0.0", "It steals.")
    assert await refused(loader, digest) == "revoked"
    with pytest.raises(NotFoundError):
        await loader.yank("acme/hello", "1.0.0", "Let it look harmless.")
    with pytest.raises(RefusedError):
        await loader.revoke("acme/hello", "1.0.0", " ")


async def test_that_a_revoked_key_takes_its_releases_along(
    loader: Registry, digest: str, publisher: Publisher
) -> None:
    key_id = (await loader.journal())[0].detail["key"]
    await loader.revoke_key(key_id, "It was on a stolen laptop.")
    assert await refused(loader, digest) == "revoked_key"
    with pytest.raises(NotFoundError):
        await loader.revoke_key(key_id, "Again.")


async def test_that_an_expired_key_no_longer_stands_for_a_release(
    loader: Registry, digest: str, clock: FixedClock
) -> None:
    clock.at += timedelta(days=731)
    assert await refused(loader, digest) == "expired_key"


async def test_that_a_new_key_is_no_help_to_an_old_signature(
    loader: Registry, digest: str, clock: FixedClock
) -> None:
    clock.at += timedelta(days=731)
    await loader.add_key("acme", Publisher(5).public)
    assert await refused(loader, digest) == "expired_key"


async def test_that_a_release_outlives_its_key_by_a_newer_signature(
    loader: Registry, digest: str, clock: FixedClock
) -> None:
    clock.at += timedelta(days=700)
    await loader.add_key("acme", Publisher(5).public)
    await loader.sign_again(Publisher(5).sign(artifact()))
    clock.at += timedelta(days=100)
    assert (await loader.load(digest)).digest == digest
    assert (await loader.journal())[-1].kind == "release.signed_again"


async def test_that_only_the_namespace_signs_again_and_only_the_same(
    registry: Registry, digest: str, publisher: Publisher
) -> None:
    with pytest.raises(PublishRefusedError) as error:
        await registry.sign_again(Publisher(5).sign(artifact()))
    assert error.value.reason == "unknown_key"
    with pytest.raises(PublishRefusedError) as error:
        await registry.sign_again(publisher.sign_blindly(artifact()))
    assert error.value.reason == "other_statement"
    with pytest.raises(NotFoundError):
        await registry.sign_again(publisher.sign(artifact(hello="plugin = 2\n")))
    assert (await registry.load(digest)).digest == digest


async def test_that_the_application_cannot_change_what_was_published(
    digest: str, db: Database
) -> None:
    for statement in (
        "update registry.envelopes set envelope = ''",
        "delete from registry.envelopes",
        "update registry.releases set digest = 'x'",
        "delete from registry.releases",
        "update registry.journal set kind = 'x'",
        "delete from registry.journal",
        "delete from registry.log_tiles",
        "update registry.publisher_keys set public = '\\x00'",
        "update registry.publisher_keys set expires_at = now()",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction() as connection:
                await connection.execute(statement)


async def test_that_a_changed_journal_shows(registry: Registry, digest: str, dsn: str) -> None:
    with pytest.raises(asyncpg.RaiseError, match="only appended"):
        await owner(dsn, "delete from registry.journal where n = 1")
    off = "alter table registry.journal disable trigger append_only"
    await owner(dsn, off)
    await owner(dsn, "update registry.journal set subject = 'acme/other@1.0.0' where n = 2")
    assert await registry.journal_fault() == 2
    await owner(dsn, "delete from registry.journal where n = 1")
    assert await registry.journal_fault() == 1


async def test_that_a_past_rewritten_with_its_hashes_shows_in_the_tree(
    registry: Registry, digest: str, dsn: str
) -> None:
    entry = (await registry.journal())[1]
    forged = structs.replace(entry, subject="acme/other@1.0.0")
    await owner(dsn, "alter table registry.journal disable trigger append_only")
    leaf = leaf_hash(forged.data).hex()
    await owner(
        dsn,
        f"update registry.journal set subject = 'acme/other@1.0.0', hash = '\\x{leaf}' where n = 2",
    )
    assert await registry.journal_fault() == 2
    for change in (
        "update registry.log_tiles set hashes = ''",
        "delete from registry.log_tiles",
    ):
        with pytest.raises(asyncpg.RaiseError, match="only appended"):
            await owner(dsn, change)


async def test_that_verifying_at_every_load_is_cheap(registry: Registry, digest: str) -> None:
    times: list[float] = []
    for _ in range(LOADS):
        start = time.process_time()
        await registry.load(digest)
        times.append((time.process_time() - start) * 1000 / signature_ms())
    p50, p99 = sorted(times)[LOADS // 2], sorted(times)[LOADS * 99 // 100]
    print(f"load of a small agent: CPU of {p50:.0f} signatures, p99 {p99:.0f}, over {LOADS}")
    assert p50 < 200
