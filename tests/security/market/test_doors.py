"""Attacks on the way a release is published, each tried where it would have to get through.

The registry refuses; and where the registry itself is the attacker's, the host refuses.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Databases
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes.full_registry import HOLDERS, ONLINE, REVIEWERS, SIGNER, FullRegistry, key, raw
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError
from hyperpersonal_registry import house, naming, releases
from hyperpersonal_registry.api import Policy, PublishRefusedError, ReleaseRefusedError, Verdict
from hyperpersonal_registry.releases import Release
from hyperpersonal_registry.trust import namespaces
from hyperpersonal_registry.trust.repository import Repository
from hyperpersonal_registry.trust.store import MetadataStore
from hyperpersonal_registry.verdicts import report_hash
from hyperpersonal_sdk import attestations, hpx, namespace_metadata, signing
from hyperpersonal_sdk.attestations import Review
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency import checkpoint, note
from hyperpersonal_sdk.transparency.note import COSIGNATURE, NoteKey

HELLO = artifact()
MONEY = artifact(manifest(asks=("tool:commerce.returns.write", "money:refund<=5.00 USD/turn")))
LATER = artifact(manifest(version="1.0.1"))
OTHER = artifact(hello="from hyperpersonal_sdk import Agent\nplugin = Agent()\n")
YEAR = (datetime.now(UTC) + timedelta(days=300)).replace(microsecond=0)
STRANGER = key(66)


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    return await FullRegistry.open(db, tmp_path)


async def refused(work: Awaitable[object]) -> str:
    with pytest.raises((PublishRefusedError, ReleaseRefusedError)) as error:
        await work
    return error.value.reason


def digest(packed: bytes) -> str:
    return hpx.unpack(packed).digest


def review_of(packed: bytes, reviewer: Ed25519PrivateKey, report: Sequence[Verdict]) -> bytes:
    unpacked = hpx.unpack(packed)
    rights = signing.permission_hash(unpacked.manifest)
    seen = (unpacked.digest, rights, report_hash(report))
    return attestations.attest(Review(*seen, "approved", "Fine.", datetime.now(UTC)), reviewer)


async def seize(full: FullRegistry, do: Callable[[Repository], object]) -> None:
    """The attacker holds the registry's machine, with all keys that are on it."""
    store = MetadataStore(ONLINE, SystemClock())
    async with full.db.transaction() as connection, store.writing(connection) as repository:
        do(repository)


def pass_on(packed: bytes, said: list[bytes]) -> Callable[[Repository], object]:
    """The attacker lets hosts have these words of an archive."""
    archive = (hashlib.sha256(packed).hexdigest(), len(packed))
    return lambda repository: repository.pass_on(archive, said, datetime.now(UTC))


async def list_it(full: FullRegistry, packed: bytes, signer: Publisher) -> None:
    """The attacker writes a release into the tables, as if it were published."""
    unpacked = hpx.unpack(packed)
    said = unpacked.manifest
    await full.blobs.put(unpacked.digest, packed)
    row = Release(unpacked.digest, said.id, said.version, said, signer.sign(packed), len(packed),
                  datetime.now(UTC))  # fmt: skip
    async with full.db.transaction() as connection:
        await releases.add(connection, row, said.id)


async def test_that_valid_provenance_alone_never_runs(full: FullRegistry) -> None:
    """TanStack, May 2026: 84 versions with valid signatures, in six minutes."""
    waiting = await house.submit(full.registry, HELLO, full.publisher.key)
    assert waiting.state == "checked"
    assert await refused(full.host.load(digest(HELLO))) == "unknown"
    await list_it(full, HELLO, full.publisher)
    assert await refused(full.host.load(digest(HELLO))) == "unknown_release"
    metadata = namespaces.with_release(None, HELLO, YEAR)
    data = namespaces.sign(metadata, full.publisher.key)
    await seize(full, lambda repository: repository.take("acme", data, datetime.now(UTC)))
    assert await refused(full.new_host("late").load(digest(HELLO))) == "unreviewed"


async def test_that_nobody_reviews_their_own(full: FullRegistry) -> None:
    publisher = Publisher(77)
    await full.registry.create_namespace("bolt", publisher.public)
    await full.registry.people.add(publisher.public, "Both", "reviewer")
    assert not await naming.hold(full.registry, HOLDERS)
    mine = artifact(manifest("bolt/hello"))
    await house.submit(full.registry, mine, publisher.key)
    assert await refused(house.review(full.registry, mine, publisher.key)) == "own_release"
    said = [review_of(mine, publisher.key, [])]
    own = namespaces.sign(namespaces.with_release(None, mine, YEAR), publisher.key)
    await seize(full, lambda repository: repository.take("bolt", own, datetime.now(UTC)))
    await seize(full, pass_on(mine, said))
    await list_it(full, mine, publisher)
    assert await refused(full.host.load(digest(mine))) == "unreviewed"


async def test_that_one_person_is_not_two(full: FullRegistry) -> None:
    await house.submit(full.registry, MONEY, full.publisher.key)
    first = await house.review(full.registry, MONEY, REVIEWERS[0])
    assert first.state == "checked"
    with pytest.raises(ConflictError, match="somebody else"):
        await house.review(full.registry, MONEY, REVIEWERS[0])
    case = (await full.registry.case(digest(MONEY)))[1]
    said = [review_of(MONEY, REVIEWERS[0], case.report) for _ in range(2)]
    own = namespaces.sign(namespaces.with_release(None, MONEY, YEAR), full.publisher.key)
    await seize(full, lambda repository: repository.take("acme", own, datetime.now(UTC)))
    await seize(full, pass_on(MONEY, said))
    await list_it(full, MONEY, full.publisher)
    assert await refused(full.host.load(digest(MONEY))) == "unreviewed"


async def test_that_two_people_are_enough(full: FullRegistry) -> None:
    assert (await full.publish(MONEY)).state == "published"
    assert (await full.host.load(digest(MONEY))).digest == digest(MONEY)


async def test_that_an_old_review_says_nothing_of_a_new_release(full: FullRegistry) -> None:
    await full.publish(HELLO)
    (old,) = (await full.registry.case(digest(HELLO)))[2]
    await house.submit(full.registry, LATER, full.publisher.key)
    replayed = full.registry.record_review(digest(LATER), old.attestation)
    assert await refused(replayed) == "other_report"


async def test_that_an_old_signature_says_nothing_of_other_bytes(full: FullRegistry) -> None:
    await full.publish(HELLO)
    old = full.publisher.sign(HELLO)
    assert await refused(full.registry.submit(OTHER, old)) == "altered"
    await full.blobs.put(digest(HELLO), OTHER)
    held = full.folder / "blobs"
    for path in held.rglob("*"):
        if path.is_file():
            path.write_bytes(OTHER)
    assert await refused(full.new_host("late").load(digest(HELLO))) in ("altered", "lost")


async def test_that_a_strangers_key_hands_in_nothing(full: FullRegistry) -> None:
    stranger = Publisher(66)
    assert await refused(full.registry.submit(HELLO, stranger.sign(HELLO))) == "unknown_key"


async def test_that_a_stolen_key_is_good_for_nothing_once_it_is_known(full: FullRegistry) -> None:
    """Cyberhaven, December 2024: an update under the publisher's own key."""
    await full.publish(HELLO)
    assert await full.host.load(digest(HELLO))
    await house.submit(full.registry, LATER, full.publisher.key)
    thief = (await full.registry.submission(digest(LATER))).key_id
    await full.registry.revoke_key(thief, "Stolen.")
    done = await house.review(full.registry, LATER, REVIEWERS[0])
    assert done.state == "checked"
    assert any("do not stand" in why for why in done.why)
    assert await refused(full.new_host("late").load(digest(LATER))) == "unknown"
    assert await refused(full.new_host("later").load(digest(HELLO))) in (
        "revoked_key", "untrusted_metadata", "unknown_release")  # fmt: skip


async def test_that_names_and_versions_are_used_once(full: FullRegistry) -> None:
    await full.publish(HELLO)
    await full.registry.yank("acme/hello", "1.0.0", "It greets twice.")
    with pytest.raises(ConflictError):
        await house.submit(full.registry, OTHER, full.publisher.key)
    for look in ("acme", "acrne", "ac-me"):
        with pytest.raises(ConflictError):
            await full.registry.create_namespace(look, raw(STRANGER))


async def test_that_one_release_is_handed_in_with_one_name(full: FullRegistry) -> None:
    """Metadata that carries a second archive beside the one people look at."""
    metadata = namespaces.with_release(None, HELLO, YEAR)
    both = namespaces.with_release(metadata, LATER, YEAR)
    both.signed.version = 1
    data = namespace_metadata.sign(both, full.publisher.key)
    handed = full.registry.submit(HELLO, full.publisher.sign(HELLO), data)
    assert await refused(handed) == "metadata_due"


async def test_that_a_lost_scanner_lets_nothing_through(db: Database, tmp_path: Path) -> None:
    """Open Sesame, February 2026: no scanner and no fault looked the same."""
    full = await FullRegistry.open(db, tmp_path, Policy.public())
    names = full.policy.checks
    await house.submit(full.registry, HELLO, full.publisher.key)
    for word in ("ERROR", "SKIPPED", None):
        for lost in names:
            report = [Verdict(name, word if name == lost else "PASS")
                      for name in names if word or name != lost]  # fmt: skip
            found = await full.registry.record_verdicts(digest(HELLO), report)
            assert found.state == "submitted", (lost, word)
    report = [Verdict(name, "PASS") for name in names]
    assert (await full.registry.record_verdicts(digest(HELLO), report)).state == "checked"


async def test_that_a_failed_check_is_not_waived_in_silence(db: Database, tmp_path: Path) -> None:
    full = await FullRegistry.open(db, tmp_path, Policy.public())
    report = [Verdict(n, "FAIL" if n == "injection" else "PASS") for n in full.policy.checks]
    await house.submit(full.registry, HELLO, full.publisher.key)
    assert (await full.registry.record_verdicts(digest(HELLO), report)).state == "rejected"
    with pytest.raises(ConflictError, match="nothing to review"):
        await house.review(full.registry, HELLO, REVIEWERS[0], ("injection",))
    await full.registry.appeal(digest(HELLO), "It quotes an attack, to warn of it.")
    assert (await house.review(full.registry, HELLO, REVIEWERS[0])).state == "checked"
    waived = await house.review(full.registry, HELLO, REVIEWERS[1], ("injection",))
    assert waived.state == "published"


@pytest.fixture
async def elsewhere(databases: Databases) -> AsyncIterator[Database]:
    """A second database: what the log shows to somebody else."""
    lent = await databases.take()
    opened = await Database.open(lent)
    yield opened
    await opened.close()
    await databases.give_back(lent)


async def test_that_a_log_with_two_faces_is_found(
    full: FullRegistry, elsewhere: Database, tmp_path: Path
) -> None:
    """Split view: the log shows its witness another past than a host."""
    other = await FullRegistry.open(elsewhere, tmp_path / "other")
    await full.publish(HELLO)
    await other.publish(OTHER)
    witness = key(240)
    seen = note.cosign(note.parse(await full.registry.checkpoint()), "witness.example", witness, 1)
    watched = checkpoint.Witnesses(
        (NoteKey("witness.example", raw(witness), COSIGNATURE),), needed=1
    )
    first = checkpoint.verify(seen.data, SIGNER.public, watched)
    shown = await other.registry.checkpoint()
    with pytest.raises(UntrustedError) as error:
        checkpoint.verify(shown, SIGNER.public, watched)
    assert error.value.code == "unwitnessed"
    second = checkpoint.verify(shown, SIGNER.public)
    assert checkpoint.split_view([first, second]) == (first, second)
    await other.publish(artifact(manifest(version="1.0.2")))
    grown = checkpoint.verify(await other.registry.checkpoint(), SIGNER.public)
    proof = await other.registry.growth_proof(first.size, grown.size)
    with pytest.raises(UntrustedError, match=r"."):
        checkpoint.verify_growth(first, grown, proof)
