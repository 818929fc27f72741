"""The contact's token: one conversation of one channel, signed by this server.

A JWT (RFC 7519) with HS256; it names the conversation and nothing else, so a stolen one opens
one conversation until it ends.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.errors import UnauthenticatedError
from msgspec import Struct

ISSUER = "hyperpersonal"
LIFETIME = timedelta(days=7)
SECRET_BYTES_MIN = 32


class ContactScope(Struct, frozen=True):
    """Who is writing, where."""

    tenant_id: UUID
    channel_id: UUID
    contact_id: UUID
    conversation_id: UUID


class ContactTokens:
    """Makes and reads tokens.

    Args:
        secret: at least 32 bytes, the same in every gateway.
        clock: says when a token ends.
    """

    def __init__(self, secret: str, clock: Clock) -> None:
        if len(secret.encode()) < SECRET_BYTES_MIN:
            raise ValueError(f"the server's secret has at least {SECRET_BYTES_MIN} bytes")
        self._secret = secret
        self._clock = clock

    def mint(self, scope: ContactScope) -> str:
        """A token for this conversation, good for seven days."""
        ends = int((self._clock.now() + LIFETIME).timestamp())
        claims = {"iss": ISSUER, "exp": ends, "t": scope.tenant_id.hex, "ch": scope.channel_id.hex}
        claims |= {"sub": scope.contact_id.hex, "cnv": scope.conversation_id.hex}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def read(self, token: str) -> ContactScope:
        """The scope behind a token.

        Raises:
            UnauthenticatedError: not ours, altered, or ended; ask for a new session.
        """
        options: Any = {"require": ["iss", "exp", "sub"], "verify_exp": False}
        try:
            claims = jwt.decode(
                token, self._secret, algorithms=["HS256"], issuer=ISSUER, options=options
            )
            names = (claims["t"], claims["ch"], claims["sub"], claims["cnv"])
            scope = ContactScope(*(UUID(hex=name) for name in names))
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            raise UnauthenticatedError("this token is not valid; open a new session") from error
        if claims["exp"] <= self._clock.now().timestamp():
            raise UnauthenticatedError("this session has ended; open a new one")
        return scope
