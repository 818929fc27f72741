"""XAES-256-GCM: AES-256-GCM whose nonces are long enough to be drawn at random without counting.

A key of its own is derived for each message from the first half of a 24-byte nonce, so one key may
seal 2^80 messages before two nonces are likely to meet (with plain AES-256-GCM: 2^32).
Source: C2SP XAES-256-GCM (c2sp.org/XAES-256-GCM), NIST SP 800-108r1 and SP 800-38D.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

KEY_BYTES = 32
NONCE_BYTES = 24
OVERHEAD_BYTES = NONCE_BYTES + 16


class NotOpenedError(Exception):
    """Another key, other associated data, or altered bytes: which of them cannot be known."""


class Xaes:
    """Seals and opens under one key of 32 bytes; keeps nothing but the key."""

    __slots__ = ("_cipher", "_mask")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._cipher = Cipher(AES(key), ECB())  # noqa: S305 - one block at a time, as CMAC does
        block = int.from_bytes(self._encrypt(bytes(16)))
        doubled = block << 1 & (1 << 128) - 1
        self._mask = doubled ^ (0x87 if block >> 127 else 0)

    def seal(self, data: bytes, associated: bytes, nonce: bytes = b"") -> bytes:
        """The nonce and the sealed data. `nonce`: 24 random bytes when left out."""
        nonce = nonce or os.urandom(NONCE_BYTES)
        return nonce + self._derived(nonce).encrypt(nonce[12:], data, associated)

    def open(self, sealed: bytes, associated: bytes) -> bytes:
        """What was sealed. Raises NotOpenedError."""
        if len(sealed) < OVERHEAD_BYTES:
            raise NotOpenedError
        nonce = sealed[:NONCE_BYTES]
        try:
            return self._derived(nonce).decrypt(nonce[12:], sealed[NONCE_BYTES:], associated)
        except InvalidTag:
            raise NotOpenedError from None

    def _derived(self, nonce: bytes) -> AESGCM:
        blocks = (b"\0%cX\0" % number + nonce[:12] for number in (1, 2))
        masked = (int.from_bytes(block) ^ self._mask for block in blocks)
        return AESGCM(self._encrypt(b"".join(one.to_bytes(16) for one in masked)))

    def _encrypt(self, blocks: bytes) -> bytes:
        encryptor = self._cipher.encryptor()
        return encryptor.update(blocks) + encryptor.finalize()
