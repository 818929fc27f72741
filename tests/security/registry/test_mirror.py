"""A mirror file on a host without a network: believed as far as the root goes, or not at all."""

import os
from pathlib import Path

import msgspec
import pytest
from fakes.ahead import ahead
from fakes.full_registry import ONLINE, SIGNER, FullRegistry, key
from fakes.publishing import artifact, manifest
from fakes.rewriting import owner, rewrite
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_registry.api import FolderBlobs, Keeper, Registry, Trust, from_database
from hyperpersonal_registry.mirror import Body, claim, encode, read, write
from hyperpersonal_registry.mirroring import export, take_in
from hyperpersonal_registry.trust.roles import Lifetimes
from hyperpersonal_sdk import dsse, hpx
from hyperpersonal_sdk.errors import UntrustedError

HELLO, OTHER = artifact(), artifact(manifest("acme/other"))
STEP = int(os.environ.get("HP_MIRROR_STEP", "997"))


@pytest.fixture
async def far(databases: object, tmp_path: Path) -> Database:
    """The database of a host elsewhere."""
    lent = await databases.take()  # type: ignore[attr-defined]
    db = await Database.open(lent)
    yield db  # type: ignore[misc]
    await db.close()
    await databases.give_back(lent)  # type: ignore[attr-defined]


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    made = await FullRegistry.open(db, tmp_path / "here")
    for packed in (HELLO, OTHER):
        assert (await made.publish(packed)).state == "published"
    return made


class Far:
    """A host that was told the root and nothing else."""

    def __init__(self, db: Database, folder: Path, root: bytes) -> None:
        self.db, self.folder, self.trust = db, folder, Trust(folder / "trust", root)
        self.blobs, self.clock = FolderBlobs(folder / "blobs"), SystemClock()

    async def take(self, data: bytes) -> int:
        return len((await take_in(self.db, self.blobs, self.clock, self.trust, data)).releases)

    async def load(self, packed: bytes) -> str:
        keeper = Keeper(self.trust, from_database(self.db))
        registry = Registry(self.db, self.blobs, self.clock, keeper=keeper)
        return (await registry.load(hpx.unpack(packed).digest)).plugin_id


@pytest.fixture
def host(far: Database, tmp_path: Path, full: FullRegistry) -> Far:
    return Far(far, tmp_path / "far", full.root)


async def refused(host: Far, data: bytes) -> str:
    """Why, and that nothing was kept."""
    with pytest.raises((UntrustedError, RefusedError)) as error:
        await host.take(data)
    async with host.db.transaction() as connection:
        assert await connection.fetchval("select count(*) from registry.releases") == 0
    return str(error.value.code)


def resealed(data: bytes, signer: object = ONLINE.timestamp, **changes: object) -> bytes:
    body: Body = msgspec.structs.replace(read(data)[0], **changes)
    sealed = dsse.seal("application/vnd.hyperpersonal.mirror+sha256", claim(encode(body)), signer)  # type: ignore[arg-type]
    return write(body, sealed)


async def test_that_chosen_plugins_are_installed_without_a_network(
    full: FullRegistry, host: Far
) -> None:
    data = await export(full.registry, SIGNER, ["acme/hello"])
    assert await host.take(data) == 1
    assert await host.load(HELLO) == "acme/hello"
    with pytest.raises(RefusedError):
        await host.load(OTHER)
    assert await host.take(data) == 1, "the same file again changes nothing"
    newer = await export(full.registry, SIGNER, ["acme/hello", "acme/other"])
    assert await host.take(newer) == 2
    assert await host.load(OTHER) == "acme/other"


async def test_that_the_kill_list_comes_along(full: FullRegistry, host: Far) -> None:
    await host.take(await export(full.registry, SIGNER, ["acme/hello", "acme/other"]))
    await full.registry.revoke("acme/hello", "1.0.0", "It steals.")
    await host.take(await export(full.registry, SIGNER, ["acme/other"]))
    with pytest.raises(RefusedError, match="withdrawn"):
        await host.load(HELLO)
    assert await host.load(OTHER) == "acme/other"


async def test_that_no_altered_byte_is_taken(full: FullRegistry, host: Far) -> None:
    data = await export(full.registry, SIGNER, ["acme/hello"])
    for at in range(0, len(data), STEP):
        altered = bytearray(data)
        altered[at] ^= 1
        await refused(host, bytes(altered))
    for cut in (0, 5, 9, 200, len(data) - 1):
        await refused(host, data[:cut])


async def test_that_what_is_sealed_must_also_be_signed(full: FullRegistry, host: Far) -> None:
    """The seal is the registry's; the releases are their publishers' and reviewers'."""
    data = await export(full.registry, SIGNER, ["acme/hello", "acme/other"])
    body, seal = read(data)
    hello, other = body.releases
    swapped = [msgspec.structs.replace(hello, artifact=other.artifact), other]
    assert await refused(host, resealed(data, releases=swapped)) == "altered"
    stranger = [msgspec.structs.replace(hello, envelope=other.envelope)]
    assert await refused(host, resealed(data, releases=stranger)) in ("altered", "wrong_name")
    elsewhere = [msgspec.structs.replace(hello, entry=other.entry)]
    assert await refused(host, resealed(data, releases=elsewhere)) == "bad_proof"
    assert await refused(host, resealed(data, key(66))) == "unknown_key"
    assert await refused(host, write(msgspec.structs.replace(body, releases=[]), seal)) == "altered"
    assert await refused(host, resealed(data, keys=[])) == "unknown_key"


async def test_that_another_registrys_file_is_refused(
    full: FullRegistry, far: Database, tmp_path: Path
) -> None:
    data = await export(full.registry, SIGNER, ["acme/hello"])
    other = Far(far, tmp_path / "far", full.root.replace(b'"version": 1', b'"version":  1'))
    forged = data.replace(b"acme/hello", b"acme/hallo")
    assert await refused(other, forged) in ("untrusted_metadata", "unreachable", "altered")


async def test_that_an_old_file_is_refused(full: FullRegistry, host: Far) -> None:
    data = await export(full.registry, SIGNER, ["acme/hello"])
    with ahead(Lifetimes().timestamp):
        assert await refused(host, data) == "expired_metadata"
    assert await host.take(data) == 1, "it was good for as long as it was new"


async def test_that_a_file_brings_the_proofs_of_its_releases(full: FullRegistry, host: Far) -> None:
    """What the log does not prove is not taken, though everybody else stands for it."""
    data = await export(full.registry, SIGNER, ["acme/hello", "acme/other"])
    body, _ = read(data)
    assert await refused(host, resealed(data, tiles=[])) == "bad_proof"
    crooked = [(level, n, bytes(len(hashes))) for level, n, hashes in body.tiles]
    assert await refused(host, resealed(data, tiles=crooked)) == "bad_proof"
    log = body.log.replace("registry.example", "registry.other")
    bare = msgspec.structs.replace(body.releases[0].entry, data=b"[]")
    nothing = [msgspec.structs.replace(body.releases[0], entry=bare)]
    assert await refused(host, resealed(data, releases=nothing, log=log)) == "bad_proof"
    assert await host.take(data) == 2
    assert await host.load(OTHER) == "acme/other"


async def test_that_a_file_of_another_past_is_refused(
    full: FullRegistry, host: Far, dsn: str
) -> None:
    await host.take(await export(full.registry, SIGNER, ["acme/hello"]))
    async with owner(dsn) as connection:
        await rewrite(connection)
    await full.publish(artifact(manifest(version="1.0.1")))
    forked = await export(full.registry, SIGNER, ["acme/hello"])
    with pytest.raises(UntrustedError) as error:
        await host.take(forked)
    assert error.value.code == "split_view"
    assert await host.load(HELLO) == "acme/hello"
