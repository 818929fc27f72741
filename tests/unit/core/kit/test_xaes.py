"""AES-256-GCM with nonces nobody counts. Vectors: C2SP XAES-256-GCM, "Test Vectors"."""

import pytest
from hyperpersonal_core.kit.xaes import OVERHEAD_BYTES, NotOpenedError, Xaes
from hypothesis import given
from hypothesis import strategies as st

NONCE = b"ABCDEFGHIJKLMNOPQRSTUVWX"
keys = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize(
    ("key", "associated", "sealed"),
    [
        (b"\1" * 32, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        (
            b"\3" * 32,
            b"c2sp.org/XAES-256-GCM",
            "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
        ),
    ],
)
def test_that_it_is_the_published_cipher(key: bytes, associated: bytes, sealed: str) -> None:
    assert Xaes(key).seal(b"XAES-256-GCM", associated, NONCE)[24:].hex() == sealed


@given(keys, st.binary(max_size=300), st.binary(max_size=50))
def test_that_what_was_sealed_opens(key: bytes, data: bytes, associated: bytes) -> None:
    sealed = Xaes(key).seal(data, associated)
    assert len(sealed) == len(data) + OVERHEAD_BYTES
    assert Xaes(key).open(sealed, associated) == data


@given(keys, st.binary(max_size=60), st.data())
def test_that_one_altered_bit_does_not_open(key: bytes, data: bytes, draw: st.DataObject) -> None:
    sealed = bytearray(Xaes(key).seal(data, b"for"))
    bit = draw.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotOpenedError):
        Xaes(key).open(bytes(sealed), b"for")


@given(keys, keys, st.binary(max_size=30), st.binary(max_size=30))
def test_that_another_key_or_purpose_does_not_open(
    one: bytes, two: bytes, this: bytes, that: bytes
) -> None:
    sealed = Xaes(one).seal(b"data", this)
    if (one, this) != (two, that):
        with pytest.raises(NotOpenedError):
            Xaes(two).open(sealed, that)
    with pytest.raises(NotOpenedError):
        Xaes(one).open(sealed[: OVERHEAD_BYTES - 1], this)


def test_that_no_nonce_comes_twice() -> None:
    cipher = Xaes(b"\7" * 32)
    assert len({cipher.seal(b"", b"")[:24] for _ in range(10_000)}) == 10_000
