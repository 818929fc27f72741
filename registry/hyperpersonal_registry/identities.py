"""Who is who: everybody is an Ed25519 key. Reviewers and admins are named here; publishers by the
keys of their namespaces."""

from datetime import datetime
from typing import Literal

import asyncpg
from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_sdk.dsse import key_id
from msgspec import Struct

from hyperpersonal_registry import journal, releases
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.namespaces import check_reason

Role = Literal["reviewer", "admin", "reporter"]
"""A reporter's word about a plugin counts at once; it reviews nothing and reads no matters."""
NAME_CHARS_MAX = 80

_ADD = """insert into registry.identities (key_id, public, name, role, added_at)
values ($1, $2, $3, $4, $5)"""
_REVOKE = """update registry.identities set revoked_at = $2, revoked_reason = $3
where key_id = $1 and revoked_at is null returning role"""
_OF_ROLE = "select public from registry.identities where role = $1 and revoked_at is null"
_REVIEWERS = """select public, name from registry.identities
where role = 'reviewer' and revoked_at is null order by added_at"""
_ALL = """select key_id, public, name, role, added_at, revoked_at from registry.identities
order by added_at"""
_ROLE = "select role from registry.identities where key_id = $1 and revoked_at is null"


class Person(Struct, frozen=True):
    """A reviewer or an admin."""

    key_id: str
    public: bytes
    name: str
    role: Role
    added_at: datetime
    revoked_at: datetime | None = None


class Caller(Struct, frozen=True):
    """Whose key was proven: what it may do now. `namespace`: the one it publishes for."""

    key_id: str
    public: bytes
    role: Role | None = None
    namespace: str | None = None

    @property
    def roles(self) -> list[str]:
        """In words, for the caller."""
        return [*filter(None, [self.role]), *(["publisher"] if self.namespace else [])]


class Identities:
    """Names people and looks callers up. Stateless; one a process.

    Who reviews must stand in the root too, which its holders sign (`naming`); who no longer does
    is taken back here at once.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def add(self, raw: bytes, name: str, role: Role) -> Person:
        """Let the holder of a key review, or administrate.

        Args:
            raw: the 32 bytes of an Ed25519 public key.
            name: of the person, for the log.
            role: reviewer, admin or reporter.

        Raises:
            RefusedError: the key or the name is malformed.
            ConflictError: the key is somebody's already.
        """
        if len(raw) != 32 or not 1 <= len(name.strip()) <= NAME_CHARS_MAX:
            raise RefusedError(f"a key has 32 bytes and a name 1 to {NAME_CHARS_MAX} characters")
        made = Person(key_id(raw), raw, name, role, self._ground.now)
        try:
            async with self._ground.db.transaction() as connection:
                row = (made.key_id, raw, name, role, made.added_at)
                await connection.execute(_ADD, *row)
                detail = {"role": role, "name": name}
                at = self._ground.now
                await journal.append(connection, at, "person.added", made.key_id, **detail)
        except asyncpg.UniqueViolationError as error:
            raise ConflictError("this key is somebody's already") from error
        return made

    async def revoke(self, key: str, reason: str) -> None:
        """From now on the key reviews nothing; what rests on its reviews is believed no more, by
        hosts that hear of it at once and by all others from the next root on.

        Raises:
            NotFoundError: there is no such key, or it was revoked before.
        """
        check_reason(reason)
        now = self._ground.now
        async with self._ground.changing() as (connection, repository):
            role = await connection.fetchval(_REVOKE, key, now, reason)
            if role is None:
                raise NotFoundError("there is no such person", key_id=key)
            if repository is not None and role == "reviewer":
                repository.withdraw(key, f"a reviewer's key: {reason}", now)
            await journal.append(connection, now, "person.revoked", key, reason=reason)
        await self._ground.tell()

    async def all(self) -> list[Person]:
        """Everybody there ever was, in order."""
        async with self._ground.db.transaction() as connection:
            rows = await connection.fetch(_ALL)
        return [Person(**dict(row)) for row in rows]

    async def caller(self, raw: bytes) -> Caller:
        """What the holder of a key may do at this moment."""
        async with self._ground.db.transaction() as connection:
            name = key_id(raw)
            role = await connection.fetchval(_ROLE, name)
            space = await releases.namespace_of(connection, name, self._ground.now)
        return Caller(name, raw, role, space)


async def reviewers(connection: Connection) -> dict[bytes, str]:
    """Who should review: public key -> name. The root's holders have the last word."""
    return {row["public"]: row["name"] for row in await connection.fetch(_REVIEWERS)}


async def keys_of_role(connection: Connection, role: Role) -> list[bytes]:
    """The public keys of everybody who has a role now."""
    return [row["public"] for row in await connection.fetch(_OF_ROLE, role)]
