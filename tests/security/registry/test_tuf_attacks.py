"""The attacks TUF is made against, each tried on a host that holds honest metadata.

Source of the classes: The Update Framework specification 1.0, section 1.5.2.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes.ahead import ahead
from fakes.publishing import artifact, manifest
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_registry.trust import ceremony, namespaces
from hyperpersonal_registry.trust.reader import Trust
from hyperpersonal_registry.trust.repository import TIMESTAMP, Repository
from hyperpersonal_registry.trust.roles import Lifetimes, OnlineKeys, public_of
from hyperpersonal_sdk import hpx, signing
from hyperpersonal_sdk.attestations import Decision, Review, attest
from hyperpersonal_sdk.errors import UntrustedError
from tuf.api.metadata import Metadata, Targets

NOW = datetime.now(UTC).replace(microsecond=0)
YEAR = NOW + timedelta(days=365)
HELLO = artifact()
OTHER = artifact(hello="from hyperpersonal_sdk import Agent\nplugin = Agent()\n")


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


HOLDERS = [key(1), key(2), key(3)]
ONLINE = OnlineKeys(key(10), key(11), key(12), key(13))
PUBLISHER, REVIEWER, STRANGER = key(20), key(21), key(66)


def first_root(*signers: Ed25519PrivateKey, expires: datetime = YEAR) -> bytes:
    online = {"targets": public_of(ONLINE.targets), "snapshot": public_of(ONLINE.snapshot),
              "timestamp": public_of(ONLINE.timestamp)}  # fmt: skip
    people = {REVIEWER.public_key().public_bytes_raw(): "Ada"}
    publics = [public_of(holder) for holder in HOLDERS]
    root = ceremony.new_root(publics, 2, online, expires, people)
    ceremony.sign(root, *(signers or HOLDERS[:2]))
    return root.to_bytes()


ROOT = first_root()
REPORT = "sha256:" + "4" * 64


def attested(archive: bytes, *by: Ed25519PrivateKey, decision: Decision = "approved") -> bytes:
    """A reviewer's word on an archive."""
    unpacked = hpx.unpack(archive)
    rights = signing.permission_hash(unpacked.manifest)
    return attest(Review(unpacked.digest, rights, REPORT, decision, "Read it.", NOW), *by)


class World:
    """A registry with one published and reviewed release, and a host that knows it."""

    def __init__(self, folder: Path, lifetimes: Lifetimes | None = None) -> None:
        self.folder = folder
        self.registry = self.fresh(lifetimes)
        self.served: dict[str, bytes] = {}
        self.sync()
        self.host = Trust(folder, ROOT)
        self.refresh()

    def fresh(
        self, lifetimes: Lifetimes | None = None, keys: OnlineKeys = ONLINE, at: datetime = NOW
    ) -> Repository:
        made = Repository(ROOT, keys, at, lifetimes)
        made.add_namespace("acme", [public_of(PUBLISHER)], at)
        self.publish(made, HELLO)
        return made

    def publish(self, to: Repository, archive: bytes, by: Ed25519PrivateKey = PUBLISHER) -> None:
        release = namespaces.with_release(to.of("acme"), archive, YEAR)
        to.take("acme", namespaces.sign(release, by), NOW)
        self.review(to, archive)

    def review(self, to: Repository, archive: bytes, by: Ed25519PrivateKey = REVIEWER) -> None:
        found = (hashlib.sha256(archive).hexdigest(), len(archive))
        to.pass_on(found, [attested(archive, by)], NOW)

    def sync(self) -> None:
        self.served = dict(self.registry.files)

    def refresh(self) -> None:
        self.host.refresh(self.served.get)

    def admit(self, archive: bytes = HELLO, version: str = "1.0.0") -> str:
        return self.host.admit("acme/hello", version, archive).sha256


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "trust")


def refused(ask: Callable[[], Any]) -> str:
    with pytest.raises(UntrustedError) as error:
        ask()
    return error.value.code


def test_that_an_honest_release_is_admitted_offline(world: World) -> None:
    world.served.clear()
    assert world.admit() == hashlib.sha256(HELLO).hexdigest()
    assert Trust(world.folder, ROOT).admit("acme/hello", "1.0.0", HELLO)


def test_arbitrary_software(world: World) -> None:
    assert refused(lambda: world.admit(OTHER)) == "altered"
    assert refused(lambda: world.admit(version="9.9.9")) == "unknown_release"
    assert refused(lambda: world.host.admit("evil/hello", "1.0.0", HELLO)) == "unknown_release"


def test_wrong_target_under_a_known_name(world: World) -> None:
    later = artifact(manifest(version="1.1.0"))
    world.publish(world.registry, later)
    world.sync()
    world.refresh()
    assert world.admit(later, "1.1.0")
    assert refused(lambda: world.admit(HELLO, "1.1.0")) == "altered"


def test_rollback(world: World) -> None:
    old = dict(world.served)
    world.registry.withdraw(hashlib.sha256(HELLO).hexdigest(), "It lies.", NOW)
    world.sync()
    world.refresh()
    assert refused(world.admit) == "withdrawn"
    world.served = old
    assert refused(world.refresh) == "untrusted_metadata"
    assert refused(world.admit) == "withdrawn"


def test_fast_forward_is_healed_by_new_keys(world: World) -> None:
    """Somebody with the timestamp and snapshot keys jumps far ahead; a new root brings us back."""
    forged = world.fresh()
    forged._timestamp.signed.version = forged._snapshot.signed.version = 10**6
    forged._publish(NOW)
    world.served = dict(forged.files)
    world.refresh()
    fresh = OnlineKeys(ONLINE.targets, key(31), key(32), ONLINE.withdrawn)
    healed = ceremony.next_root(world.registry.root, NOW, Lifetimes())
    for role, old, new in (("snapshot", ONLINE.snapshot, fresh.snapshot),
                           ("timestamp", ONLINE.timestamp, fresh.timestamp)):  # fmt: skip
        healed.signed.revoke_key(public_of(old).keyid, role)
        healed.signed.add_key(public_of(new), role)
    ceremony.sign(healed, *HOLDERS[1:])
    world.registry = world.fresh(keys=fresh)
    world.registry.change_root(healed.to_bytes(), NOW)
    world.sync()
    world.refresh()
    assert world.admit()


def test_freeze(tmp_path: Path) -> None:
    short = Lifetimes(timestamp=timedelta(seconds=-1))
    assert refused(lambda: World(tmp_path, short)) == "expired_metadata"


def test_that_a_host_that_hears_nothing_stops_when_its_metadata_expires(world: World) -> None:
    assert world.admit()
    with ahead(Lifetimes().timestamp):
        assert refused(world.admit) == "expired_metadata"
        assert refused(world.refresh) == "expired_metadata"
    assert world.admit(), "it was the time alone"


def test_mix_and_match(world: World) -> None:
    old = dict(world.served)
    world.publish(world.registry, artifact(manifest(version="1.1.0")))
    world.sync()
    name = next(n for n in world.served if n.endswith(".acme.json") and n not in old)
    world.served[name] = old["1.acme.json"]
    world.refresh()
    assert refused(lambda: world.admit(artifact(manifest(version="1.1.0")), "1.1.0")) in (
        "unknown_release", "unreachable", "untrusted_metadata")  # fmt: skip


def test_endless_data(world: World) -> None:
    world.served[TIMESTAMP] = b"{" + b" " * 20_000
    assert refused(world.refresh) == "unreachable"
    assert world.admit()


@pytest.mark.parametrize("name", [TIMESTAMP, ".snapshot.json", ".targets.json", ".reviews.bin-"])
def test_every_altered_byte(world: World, name: str) -> None:
    world.registry.add_namespace("bolt", [public_of(key(40))], NOW)
    world.publish(world.registry, artifact(manifest(version="1.1.0")))
    newest = world.registry.files
    for at in range(0, 400, 13):
        world.served = dict(newest)
        for one in [file for file in newest if name in file]:
            data = bytearray(newest[one])
            data[at % len(data)] ^= 1
            world.served[one] = bytes(data)
        assert refused(world.refresh) in ("untrusted_metadata", "unreachable"), at
    assert world.admit()


def test_reviews_that_were_changed_on_disk_and_news_that_mend_them(world: World) -> None:
    """What is not fetched again because it has not changed is still verified where it counts."""
    assert world.admit()
    for path in (world.folder / "current").glob("reviews.bin-*.json"):
        path.write_bytes(path.read_bytes().replace(b'"report"', b'"repord"'))
    for number, heard in ((1, "unreachable"), (2, "")):
        world.registry.withdraw(f"{number:064d}", "Another one.", NOW)
        world.sync()
        world.refresh()
        if heard:
            assert refused(world.admit) == heard
    assert world.admit()


def test_unknown_keys_sign_nothing(world: World) -> None:
    forged = OnlineKeys(*[STRANGER] * 4)
    world.served = dict(world.fresh(keys=forged, at=NOW).files)
    assert refused(world.refresh) == "untrusted_metadata"
    release = namespaces.with_release(world.registry.of("acme"), OTHER, YEAR)
    with pytest.raises(RefusedError, match="do not stand for this"):
        world.registry.take("acme", namespaces.sign(release, STRANGER), NOW)


def test_root_keys_under_the_threshold_change_nothing(world: World) -> None:
    for signers in ([HOLDERS[0]], [HOLDERS[0], STRANGER], [HOLDERS[0], HOLDERS[0]], []):
        forged = ceremony.next_root(world.registry.root, NOW, Lifetimes())
        forged.signed.add_key(public_of(STRANGER), "timestamp")
        ceremony.sign(forged, *signers)
        with pytest.raises(RefusedError):
            world.registry.change_root(forged.to_bytes(), NOW)
        world.served["2.root.json"] = forged.to_bytes()
        assert refused(world.refresh) == "untrusted_metadata"
        del world.served["2.root.json"]
    with pytest.raises(RefusedError):
        Repository(first_root(HOLDERS[0]), ONLINE, NOW)


def test_the_registrys_own_keys_cannot_make_a_release_appear(world: World) -> None:
    """All online keys are stolen but for `targets`: the publisher's signature is still missing."""
    forged = world.fresh()
    release = namespaces.with_release(forged.of("acme"), OTHER, YEAR)
    data = namespaces.sign(release, ONLINE.snapshot, ONLINE.timestamp, ONLINE.withdrawn)
    forged._keep("acme", Metadata[Targets].from_bytes(data), data)
    forged._publish(NOW)
    world.served = dict(forged.files)
    world.refresh()
    assert refused(lambda: world.admit(OTHER)) in ("untrusted_metadata", "altered", "unreachable")


def test_a_release_nobody_reviewed(world: World, tmp_path: Path) -> None:
    later = artifact(manifest(version="1.1.0"))
    release = namespaces.with_release(world.registry.of("acme"), later, YEAR)
    world.registry.take("acme", namespaces.sign(release, PUBLISHER), NOW)
    world.sync()
    world.refresh()
    assert refused(lambda: world.admit(later, "1.1.0")) == "unreviewed"
    world.review(world.registry, later, PUBLISHER)
    world.sync()
    world.refresh()
    assert refused(lambda: world.admit(later, "1.1.0")) == "unreviewed", "its own publisher"
    private = Trust(tmp_path / "private", ROOT, needs_review=False)
    private.refresh(world.served.get)
    assert private.admit("acme/hello", "1.1.0", later)


def test_one_publishers_fault_is_nobody_elses(world: World) -> None:
    world.registry.add_namespace("bolt", [public_of(key(40))], NOW)
    theirs = artifact(manifest("bolt/hello"))
    release = namespaces.with_release(None, theirs, YEAR)
    world.registry.take("bolt", namespaces.sign(release, key(40)), NOW)
    world.review(world.registry, theirs)
    world.registry.change_keys("acme", [public_of(key(41))], NOW)
    world.sync()
    world.refresh()
    assert world.host.admit("bolt/hello", "1.0.0", theirs)
    assert refused(world.admit) in ("untrusted_metadata", "unreachable")
    again = Metadata[Targets].from_bytes(world.registry.of("acme").to_bytes())
    again.signed.version += 1
    again.signatures.clear()
    world.registry.take("acme", namespaces.sign(again, key(41)), NOW)
    world.sync()
    world.refresh()
    assert world.admit()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda signed: signed.targets.clear(), "closed"),
        (lambda signed: setattr(signed, "version", 7), "is due"),
        (lambda signed: setattr(signed, "version", 1), "is due"),
        (lambda signed: setattr(signed, "expires", NOW), "expire"),
        (lambda signed: setattr(signed, "expires", NOW + timedelta(days=800)), "expire"),
    ],
)
def test_what_a_publisher_may_not_sign(
    world: World, change: Callable[[Targets], None], words: str
) -> None:
    release = namespaces.with_release(world.registry.of("acme"), HELLO, YEAR)
    change(release.signed)
    with pytest.raises(RefusedError, match=words):
        world.registry.take("acme", namespaces.sign(release, PUBLISHER), NOW)


def test_that_a_namespace_stays_within_its_name(world: World) -> None:
    release = namespaces.with_release(
        world.registry.of("acme"), artifact(manifest("bolt/hello")), YEAR
    )
    with pytest.raises(RefusedError, match="its own"):
        world.registry.take("acme", namespaces.sign(release, PUBLISHER), NOW)
    for data in (b"", b"[]", b"{}", json.dumps({"signed": {}, "signatures": []}).encode()):
        with pytest.raises(RefusedError):
            world.registry.take("acme", data, NOW)
    with pytest.raises(ConflictError):
        world.registry.add_namespace("snapshot", [public_of(STRANGER)], NOW)
    with pytest.raises(NotFoundError):
        world.registry.change_keys("nobody", [public_of(STRANGER)], NOW)
