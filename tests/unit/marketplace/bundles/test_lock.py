"""A lock names what was chosen, verifies for its keys, and any altered byte is refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes.bundles import agent, text
from fakes.publishing import Publisher
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_marketplace.api import BundleRefusedError, Choice, sign_again
from hyperpersonal_marketplace.bundles.lock import Lock, Locked, sign, text_hash, verify
from hyperpersonal_sdk.errors import UntrustedError
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Table

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
SOURCE = text("acme/one")
LOCK = Lock(
    text_hash(SOURCE), (Locked("acme/one", "1.0.0", "sha256:" + "a" * 64, "sha256:" + "b" * 64),),
    "sha256:" + "c" * 64,
)  # fmt: skip
DATA = sign(LOCK, KEY)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def test_that_a_lock_is_what_was_signed() -> None:
    assert verify(DATA, [public(OTHER), public(KEY)], SOURCE) == LOCK
    assert sign(LOCK, KEY) == DATA


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_that_any_altered_byte_is_refused(at: int, by: int) -> None:
    altered = bytearray(DATA)
    altered[at] ^= by
    with pytest.raises(UntrustedError):
        verify(bytes(altered), [public(KEY)], SOURCE)


@given(st.binary(max_size=3), st.integers(0, len(DATA)))
def test_that_nothing_is_added_or_taken_away(more: bytes, at: int) -> None:
    for changed in (DATA[:at] + more + DATA[at:], DATA[:at]):
        if changed != DATA:
            with pytest.raises(UntrustedError):
                verify(changed, [public(KEY)], SOURCE)


def test_that_strangers_and_other_texts_are_refused() -> None:
    with pytest.raises(UntrustedError) as unknown:
        verify(DATA, [public(OTHER)], SOURCE)
    assert unknown.value.code == "unknown_key"
    with pytest.raises(UntrustedError) as other:
        verify(DATA, [public(KEY)], SOURCE + "# later\n")
    assert other.value.code == "other_bundle"
    with pytest.raises(UntrustedError):
        verify(b"x" * 200_000, [public(KEY)])


def test_that_a_publisher_signs_a_lock_again_for_its_own_text_only() -> None:
    theirs = sign_again(DATA, SOURCE, OTHER)
    assert verify(theirs, [public(OTHER)], SOURCE) == LOCK
    with pytest.raises(UntrustedError):
        sign_again(DATA, SOURCE + " ", OTHER)


async def test_that_a_lock_brings_the_same_releases_after_newer_ones_came(table: Table) -> None:
    await table.publish(agent("acme/one"))
    locked = await table.bundles.lock(table.tenant_id, SOURCE)
    await table.publish(agent("acme/one", "1.1.0"))
    newest = (await table.look(SOURCE)).chosen
    kept = await table.bundles.look(table.tenant_id, SOURCE, locked)
    assert isinstance(kept, Choice)
    assert [one.version for one in newest] == ["1.1.0"]
    assert [one.version for one in kept.chosen] == ["1.0.0"]
    assert kept.lock.inputs != verify(locked, [await own_key(table)]).inputs


async def own_key(table: Table) -> bytes:
    found = await table.keys.public(table.tenant_id)
    assert found is not None
    return found


async def refused(table: Table, locked: bytes, source: str = SOURCE) -> str:
    with pytest.raises(RefusedError) as error:
        await table.bundles.look(table.tenant_id, source, locked)
    assert isinstance(error.value, BundleRefusedError)
    return error.value.reason


async def test_that_only_the_tenants_and_the_publishers_locks_are_kept_to(table: Table) -> None:
    await table.publish(agent("acme/one"))
    locked = await table.bundles.lock(table.tenant_id, SOURCE)
    assert await refused(table, sign_again(locked, SOURCE, OTHER)) == "unknown_key"
    theirs = sign_again(locked, SOURCE, Publisher().key)
    assert isinstance(await table.bundles.look(table.tenant_id, SOURCE, theirs), Choice)


async def test_that_a_lock_is_no_way_around_what_the_text_and_the_registry_say(
    table: Table,
) -> None:
    await table.publish(agent("acme/one"), agent("acme/two"))
    locked = await table.bundles.lock(table.tenant_id, SOURCE)
    mine = verify(locked, [await own_key(table)])
    key = await table.keys.of(table.tenant_id)
    narrow = text("acme/one ^2")
    forged = sign(Lock(text_hash(narrow), mine.plugins, mine.inputs), key)
    assert await refused(table, forged, narrow) == "bad_lock"
    await table.market.registry.yank("acme/one", "1.0.0", "It greets twice.")
    assert await refused(table, locked) == "locked_away"


async def test_that_a_tenant_has_one_key_that_only_its_vault_opens(table: Table) -> None:
    first, second = (
        await table.keys.of(table.tenant_id),
        await table.keys.of(table.tenant_id),
    )
    assert public(first) == public(second) == await own_key(table)
    async with table.db.transaction(table.tenant_id) as connection:
        sealed = await connection.fetchval("select sealed from market.bundle_keys")
    assert first.private_bytes_raw() not in sealed
