import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_sdk import dsse, hpx, signing
from hyperpersonal_sdk.errors import ArchiveError, CallerBugError, UntrustedError
from hyperpersonal_sdk.signing import Statement, TrustedKey

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
MANIFEST = """
id = "acme/hello"
version = "1.0.0"
kind = "agent"
title = "Hello"
description = "Says hello."
licence = "MIT"
entry = "hello"
hooks = ["reply"]
[[capabilities]]
ask = "knowledge:read"
why = "To quote the shop's articles."
[agent]
labels = ["order"]
"""


def archive(manifest: str = MANIFEST, code: bytes = b"plugin = None\n") -> bytes:
    return hpx.pack({"plugin.toml": manifest.encode(), "hello.py": code})


def statement(**changed: str) -> Statement:
    fits = signing.statement_of(hpx.unpack(archive()))
    return Statement(**{**{f: getattr(fits, f) for f in fits.__struct_fields__}, **changed})


def trusted(key: Ed25519PrivateKey = KEY, namespace: str = "acme", days: int = 30) -> TrustedKey:
    public = key.public_key().public_bytes_raw()
    return TrustedKey(public, namespace, NOW - DAY, NOW + days * DAY)


def test_that_a_signed_release_is_trusted() -> None:
    release = signing.verify(signing.sign(statement(), KEY), archive(), [trusted()], NOW)
    assert release.manifest.id == release.statement.id == "acme/hello"
    assert release.archive.files["hello.py"] == b"plugin = None\n"
    assert release.key_id == trusted().key_id


def test_that_equal_statements_have_equal_envelopes() -> None:
    assert signing.sign(statement(), KEY) == signing.sign(statement(), KEY)


def refused(
    envelope: bytes, artifact: bytes | None = None, keys: list[TrustedKey] | None = None
) -> str:
    with pytest.raises(UntrustedError) as error:
        signing.verify(
            envelope,
            archive() if artifact is None else artifact,
            [trusted()] if keys is None else keys,
            NOW,
        )
    assert str(error.value)
    return error.value.code


def altered(**changed: object) -> bytes:
    return json.dumps({**json.loads(signing.sign(statement(), KEY)), **changed}).encode()


def test_that_what_is_unsigned_is_refused() -> None:
    assert refused(b"") == "unsigned"
    assert refused(altered(signatures=[])) == "unsigned"


@pytest.mark.parametrize(
    "envelope",
    [
        b"{}",
        b"\xff",
        b"x" * (dsse.ENVELOPE_BYTES_MAX + 1),
        altered(payloadType="text/plain"),
        altered(payload="not base64!"),
        altered(signatures=[{"keyid": str(n), "sig": ""} for n in range(9)]),
        altered(signatures=[{"keyid": trusted().key_id, "sig": "%%%"}]),
    ],
)
def test_that_a_broken_envelope_is_refused(envelope: bytes) -> None:
    assert refused(envelope) == "bad_envelope"


def test_that_a_signature_can_be_written_in_one_way_only() -> None:
    envelope = json.loads(signing.sign(statement(), KEY))
    sig = envelope["signatures"][0]["sig"]
    alias = sig[:-3] + chr(ord(sig[-3]) + 1) + "=="
    assert b64decode(alias) == b64decode(sig)
    signatures = [{**envelope["signatures"][0], "sig": alias}]
    assert refused(altered(signatures=signatures)) == "bad_envelope"


def test_that_a_signed_statement_of_another_shape_is_refused() -> None:
    payload = b'{"id":"acme/hello"}'
    signature = KEY.sign(dsse.pre_authentication(signing.PAYLOAD_TYPE, payload))
    envelope = altered(
        payload=b64encode(payload).decode(),
        signatures=[{"keyid": trusted().key_id, "sig": b64encode(signature).decode()}],
    )
    assert refused(envelope) == "bad_envelope"


def test_that_an_altered_byte_is_refused() -> None:
    assert refused(signing.sign(statement(), KEY), archive(code=b"plugin = 1\n")) == "altered"


def test_that_a_broken_archive_is_refused_as_such() -> None:
    with pytest.raises(ArchiveError):
        signing.verify(signing.sign(statement(), KEY), archive()[:-1], [trusted()], NOW)


def test_that_an_altered_name_is_refused() -> None:
    assert refused(signing.sign(statement(id="acme/other"), KEY)) == "wrong_name"
    assert refused(signing.sign(statement(version="1.0.1"), KEY)) == "wrong_name"


def test_that_the_name_in_the_archive_is_signed_too() -> None:
    renamed = archive(MANIFEST.replace("acme/hello", "acme/bye"))
    assert refused(signing.sign(statement(), KEY), renamed) == "altered"


def test_that_other_rights_than_signed_are_refused() -> None:
    assert refused(signing.sign(statement(permissions="sha256:0"), KEY)) == "wrong_permissions"


def test_that_an_altered_statement_is_refused() -> None:
    payload = b64decode(json.loads(signing.sign(statement(), KEY))["payload"])
    evil = b64encode(payload.replace(b"acme/hello", b"acme/bye  ")).decode()
    assert refused(altered(payload=evil)) == "altered_statement"


def test_that_a_signature_of_another_type_of_payload_does_not_count() -> None:
    """Domain separation: the same key's signature of the bare bytes is not one of a release."""
    payload = b64decode(json.loads(signing.sign(statement(), KEY))["payload"])
    bare = {"keyid": trusted().key_id, "sig": b64encode(KEY.sign(payload)).decode()}
    assert refused(altered(signatures=[bare])) == "altered_statement"


def test_that_an_unknown_key_is_refused() -> None:
    assert refused(signing.sign(statement(), STRANGER)) == "unknown_key"
    assert refused(signing.sign(statement(), KEY), keys=[]) == "unknown_key"


def test_that_a_strangers_signature_under_our_key_id_is_refused() -> None:
    forged = json.loads(signing.sign(statement(), STRANGER))["signatures"][0]["sig"]
    signatures = [{"keyid": trusted().key_id, "sig": forged}]
    assert refused(altered(signatures=signatures)) == "altered_statement"


def test_that_a_key_speaks_for_its_own_namespace_only() -> None:
    envelope = signing.sign(statement(), KEY)
    assert refused(envelope, keys=[trusted(namespace="acm")]) == "wrong_namespace"
    assert refused(envelope, keys=[trusted(namespace="acme2")]) == "wrong_namespace"


def test_that_a_key_speaks_only_in_its_time() -> None:
    envelope = signing.sign(statement(), KEY)
    assert refused(envelope, keys=[trusted(days=0)]) == "expired_key"
    key = trusted()
    early = TrustedKey(key.public, key.namespace, NOW + DAY, NOW + 2 * DAY)
    assert refused(envelope, keys=[early]) == "not_yet"


def test_that_a_release_outlives_a_key_when_a_newer_one_signed_it_too() -> None:
    envelope = signing.sign(statement(), KEY, STRANGER)
    keys = [trusted(days=0), trusted(STRANGER, days=10)]
    assert signing.verify(envelope, archive(), keys, NOW).key_id == keys[1].key_id


def test_that_a_naive_instant_is_the_callers_bug() -> None:
    with pytest.raises(CallerBugError):
        signing.verify(signing.sign(statement(), KEY), archive(), [trusted()], datetime(2026, 1, 1))  # noqa: DTZ001
