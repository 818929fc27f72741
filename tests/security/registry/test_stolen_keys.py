"""All keys that lie on the registry's machine are stolen at once, with its database and blobs.

What is left to the thief: to name publishers, to hold releases back, to withdraw, to lift what was
withdrawn. What it must not get: code that no reviewer stands for, loaded by a host in the place of
a reviewed plugin. Each is tried by the door hosts load by.
"""

from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes.full_registry import (
    HOLDERS,
    ONLINE,
    REVIEWERS,
    FullRegistry,
    attack,
    key,
    load,
    raw,
)
from fakes.publishing import artifact, manifest
from fakes.thief import Thief
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_registry import house, naming
from hyperpersonal_registry.api import Visibilities, ceremony
from hyperpersonal_registry.trust.repository import Repository
from hyperpersonal_registry.trust.roles import REVIEWS, Lifetimes, public
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.dsse import key_id

HELLO = artifact()
EVIL = artifact(manifest(version="6.6.6"), evil="x = 1\n")
PAYER = artifact(manifest("acme/payer", asks=("money:refund<=10.00 USD/turn",)))
OWN = [ONLINE.targets, ONLINE.snapshot, ONLINE.timestamp, ONLINE.withdrawn, key(205), key(67)]


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    made = await FullRegistry.open(db, tmp_path)
    assert (await made.publish(HELLO)).state == "published"
    return made


@pytest.fixture
async def thief(full: FullRegistry) -> Thief:
    """It is the publisher now, for all that hosts can tell."""
    made = Thief(full)
    await made.become("acme")
    return made


async def test_that_the_thief_is_good_at_its_trade(full: FullRegistry, thief: Thief) -> None:
    """All the rest is in place: with the very reviewers' word its release would load."""
    digest = await thief.put(EVIL)
    assert await load(full.new_host("before"), digest) == "unreviewed"
    await thief.review(EVIL, REVIEWERS[:1])
    assert await load(full.new_host("after"), digest) == digest


@pytest.mark.parametrize("reviewer", OWN)
async def test_other_reviewers(
    full: FullRegistry, thief: Thief, dsn: str, reviewer: Ed25519PrivateKey
) -> None:
    """A reviewer of the thief's own, in every place the stolen keys can write."""
    digest, known = await thief.put(EVIL), full.new_host("known")
    assert await load(known, digest) == "unreviewed"
    await full.again().people.add(raw(reviewer), "Mallory", "reviewer")
    await thief.review(EVIL, [reviewer])

    def delegate(repository: Repository) -> None:
        keys = {raw(ONLINE.targets), raw(reviewer)}
        repository._delegate(REVIEWS, [public(one) for one in keys], 1)
        said = repository._targets.signed.unrecognized_fields
        said[ceremony.REVIEWERS] = {raw(reviewer).hex(): "Mallory"}
        repository._sign_targets(SystemClock().now())
        repository._publish(SystemClock().now())

    await thief.sign(delegate)
    assert await load(known, digest) == "unreviewed"
    assert await load(full.new_host("fresh"), digest) == "unreviewed"


@pytest.mark.parametrize("signers", [OWN, [*OWN, HOLDERS[0]], [HOLDERS[0], HOLDERS[0]], []])
async def test_a_root_of_the_thiefs_own(
    full: FullRegistry, thief: Thief, dsn: str, signers: list[Ed25519PrivateKey]
) -> None:
    """It names other reviewers; too few of the holders signed it."""
    digest = await thief.put(EVIL)
    await thief.review(EVIL, [key(67)])
    host = full.new_host("host")
    assert await load(host, digest) == "unreviewed"
    async with full.db.transaction() as connection, full.registry.ground.signing(connection) as one:
        assert one is not None
        forged = ceremony.next_root(one.root, SystemClock().now(), Lifetimes())
    ceremony.named_in(forged, {raw(key(67)): "Mallory"})
    ceremony.sign(forged, *signers)
    with pytest.raises(RefusedError):
        await full.again().change_root(forged.to_bytes())
    name = f"{forged.signed.version}.root.json"
    statement = "insert into registry.tuf_files values ($1, $2, now())"
    await attack(dsn, statement, name, forged.to_bytes())
    assert await load(host, digest) == "unreviewed"
    assert await load(host) == hpx.unpack(HELLO).digest, "what was good still is"
    assert await load(full.new_host("fresh"), digest) == "untrusted_metadata"


async def test_that_private_is_a_word_of_the_merchants_alone(
    full: FullRegistry, thief: Thief
) -> None:
    """The registry calls a public plugin private: it publishes without review, hosts do not
    load."""
    for packed in (EVIL, PAYER):
        plugin = hpx.unpack(packed).manifest.id
        await Visibilities(full.db, full.clock).set(plugin, "private", [uuid4()])
        later = await house.submit(full.again(), packed, full.publisher.key)
        assert later.state == "published"
        assert await load(full.new_host("shop"), later.digest) == "unreviewed"


async def test_one_persons_key_beside_all_the_registrys(full: FullRegistry, thief: Thief) -> None:
    """A reviewer's machine fell too: what moves money still needs the other one."""
    digest = await thief.put(PAYER)
    await thief.review(PAYER, [REVIEWERS[0], *OWN])
    assert await load(full.new_host("shop"), digest) == "unreviewed"


async def test_a_reviewer_who_left_and_an_old_root(
    full: FullRegistry, thief: Thief, dsn: str
) -> None:
    """The reviewer's old key is stolen too; the thief lifts its withdrawal and replays the root
    that named it."""
    gone, host = REVIEWERS[0], full.new_host("knows")
    await full.registry.people.revoke(key_id(raw(gone)), "Left the house.")
    assert not await naming.hold(full.registry, HOLDERS[1:]), "two of three holders"
    digest = await thief.put(EVIL)
    await thief.review(EVIL, [gone])
    assert await load(host, digest) == "unreviewed"
    await thief.sign(lambda found: found.reinstate(key_id(raw(gone)), SystemClock().now()))
    assert await load(host, digest) == "unreviewed", "the root does not name it"
    await attack(dsn, "delete from registry.tuf_files where name = '3.root.json'")
    assert await load(host, digest) == "unreviewed", "this host saw the newer root"
    old = full.new_host("knows")
    assert await load(old, digest) == "unreviewed", "also after a restart"


async def test_that_a_reviewer_is_distrusted_before_the_ceremony(
    full: FullRegistry, thief: Thief
) -> None:
    """Naming takes the holders, taking back does not: hosts that hear of it stop at once."""
    digest = await thief.put(EVIL)
    await thief.review(EVIL, REVIEWERS[:1])
    host = full.new_host("hears")
    assert await load(host, digest) == digest
    await full.registry.people.revoke(key_id(raw(REVIEWERS[0])), "Its laptop is gone.")
    await full.keeper("hears").refresh()
    assert await load(host, digest) == "unreviewed"
    assert await naming.is_due(full.registry.ground), "the next root says it for good"
