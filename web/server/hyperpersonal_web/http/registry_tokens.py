"""Logging in at the registry: a challenge signed by one's key, for a token that lasts an hour.

A token lets its bearer hand something in; what a release rests on are signatures, never tokens.
JWTs (RFC 7519) with HS256. What a key may do is looked up at each request, so that a revoked key's
token ends with it.
"""

import secrets
from datetime import timedelta
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.errors import RefusedError, UnauthenticatedError
from hyperpersonal_sdk.registry_client import KEY_PURPOSE, LOGIN_PURPOSE

CHALLENGE = "hyperpersonal-registry-challenge"
TOKEN = "hyperpersonal-registry"  # noqa: S105 - an issuer's name
CHALLENGE_LIFETIME = timedelta(minutes=2)
LIFETIME = timedelta(hours=1)
SECRET_BYTES_MIN = 32


class RegistryTokens:
    """Makes and reads them.

    Args:
        secret: at least 32 bytes, the same in every gateway.
        clock: says when they end.
    """

    def __init__(self, secret: str, clock: Clock) -> None:
        if len(secret.encode()) < SECRET_BYTES_MIN:
            raise ValueError(f"the server's secret has at least {SECRET_BYTES_MIN} bytes")
        self._secret = secret
        self._clock = clock

    def challenge(self, public: str) -> str:
        """What the holder of a key signs. Raises RefusedError when that is no key."""
        return self._mint(CHALLENGE, public_key(public).hex(), CHALLENGE_LIFETIME)

    def login(self, public: str, challenge: str, signature: str) -> str:
        """A token for whoever signed the challenge.

        Raises:
            UnauthenticatedError: the challenge is not ours, ended, or of another key; or it is not
                signed by this one.
        """
        raw = public_key(public)
        if self._read(CHALLENGE, challenge) != raw.hex():
            raise UnauthenticatedError("this challenge was for another key; ask for one again")
        check_signature(raw, LOGIN_PURPOSE + challenge.encode(), signature)
        return self._mint(TOKEN, raw.hex(), LIFETIME)

    def read(self, token: str) -> bytes:
        """The public key behind a token. Raises UnauthenticatedError."""
        return bytes.fromhex(self._read(TOKEN, token))

    def _mint(self, issuer: str, subject: str, lifetime: timedelta) -> str:
        ends = int((self._clock.now() + lifetime).timestamp())
        claims = {"iss": issuer, "sub": subject, "exp": ends, "jti": secrets.token_hex(8)}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def _read(self, issuer: str, token: str) -> str:
        options: Any = {"require": ["iss", "exp", "sub"], "verify_exp": False}
        try:
            claims = jwt.decode(
                token, self._secret, algorithms=["HS256"], issuer=issuer, options=options
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise UnauthenticatedError("log in again: `hp plugin login`") from error
        if claims["exp"] <= self._clock.now().timestamp():
            raise UnauthenticatedError("your login has ended; log in again: `hp plugin login`")
        return str(claims["sub"])


def check_new_key(namespace: str, public: str, signatures: tuple[tuple[bytes, str], ...]) -> None:
    """A new key of a namespace is signed for by each of these keys (the old one, and itself).

    Raises: UnauthenticatedError.
    """
    said = KEY_PURPOSE + f"{namespace}\n{public}".encode()
    for raw, signature in signatures:
        check_signature(raw, said, signature)


def check_signature(raw: bytes, said: bytes, signature: str) -> None:
    """Raises UnauthenticatedError unless the key signed this; `signature` in hex."""
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(bytes.fromhex(signature), said)
    except (InvalidSignature, ValueError) as error:
        raise UnauthenticatedError("the signature is not of this key") from error


def public_key(text: str) -> bytes:
    """The 32 bytes of a public key in hex. Raises RefusedError."""
    try:
        raw = bytes.fromhex(text)
        Ed25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise RefusedError("a public key is 64 hex digits; `hp plugin keys show`") from error
    return raw
