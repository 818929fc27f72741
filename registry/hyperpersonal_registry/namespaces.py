"""Who may publish under which name: namespaces and their keys."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_sdk.manifest import is_name
from hyperpersonal_sdk.signing import TrustedKey

from hyperpersonal_registry import journal, names, releases
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.trust.repository import Repository
from hyperpersonal_registry.trust.roles import HOUSE_ROLES, public

KEY_DAYS = 730
KEY_DAYS_MAX = 3_650
REASON_CHARS_MAX = 500
Also = Callable[[Connection], Awaitable[None]]


class Namespaces:
    """Gives names and keys to publishers. Stateless; one a process."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def create(
        self, name: str, raw: bytes, *, days: int = KEY_DAYS, domain: str = "",
        also: Also | None = None,
    ) -> TrustedKey:  # fmt: skip
        """See `Registry.create_namespace`; `domain`: where the name was proven; `also`: what else
        is one change with it."""
        check_name(name)
        key, now = self._key(name, raw, days), self._ground.now
        taken = f"{name!r}, a name that looks like it, or its key is taken"
        async with self._ground.changing(taken) as (connection, repository):
            await releases.add_namespace(connection, name, names.skeleton(name), now, domain)
            await releases.add_key(connection, key)
            if repository is not None:
                repository.add_namespace(name, [public(raw)], now)
            how = {"domain": domain} if domain else {}
            await journal.append(connection, now, "namespace.created", name, key=key.key_id, **how)
            if also is not None:
                await also(connection)
        return key

    async def add_key(self, namespace: str, raw: bytes, *, days: int = KEY_DAYS) -> TrustedKey:
        """See `Registry.add_key`."""
        key = self._key(namespace, raw, days)
        taken = "this key speaks for a namespace already"
        async with self._ground.changing(taken) as (connection, repository):
            try:
                await releases.add_key(connection, key)
            except asyncpg.ForeignKeyViolationError as error:
                raise NotFoundError(f"there is no namespace {namespace!r}") from error
            await self._change_keys(connection, repository, namespace)
            at = self._ground.now
            await journal.append(connection, at, "key.added", key.key_id, namespace=namespace)
        return key

    async def revoke_key(self, key_id: str, reason: str) -> None:
        """See `Registry.revoke_key`."""
        check_reason(reason)
        now = self._ground.now
        async with self._ground.changing() as (connection, repository):
            namespace = await releases.revoke_key(connection, key_id, now, reason)
            if namespace is None:
                raise NotFoundError("there is no such valid key", key_id=key_id)
            await self._change_keys(connection, repository, namespace)
            await journal.append(connection, now, "key.revoked", key_id, reason=reason)
        await self._ground.tell()

    async def keys(self, namespace: str) -> releases.NamespaceKeys:
        """Keys that speak for a name, and those that no longer may."""
        async with self._ground.db.transaction() as connection:
            return await releases.keys_of(connection, namespace)

    async def _change_keys(
        self, connection: Connection, repository: Repository | None, namespace: str
    ) -> None:
        if repository is None:
            return
        keys = (await releases.keys_of(connection, namespace)).trusted
        repository.change_keys(namespace, [public(key.public) for key in keys], self._ground.now)

    def _key(self, namespace: str, raw: bytes, days: int) -> TrustedKey:
        if len(raw) != 32 or not 1 <= days <= KEY_DAYS_MAX:
            raise RefusedError(f"a key has 32 bytes and 1 to {KEY_DAYS_MAX} days")
        now = self._ground.now
        return TrustedKey(raw, namespace, now, now + timedelta(days=days))


def check_name(name: str) -> None:
    """Whether strangers may have a name at all.

    Raises:
        RefusedError: it is malformed.
        ConflictError: it is the platform's, or looks like it.
    """
    if not is_name(name):
        raise RefusedError("a namespace has small letters, digits, '-' and '_', at most 40")
    if names.borrows_the_house(name) or name in HOUSE_ROLES:
        raise ConflictError(f"{name!r} looks like a name of this platform", name=name)


def check_reason(reason: str) -> None:
    """Raises RefusedError."""
    if not 1 <= len(reason.strip()) <= REASON_CHARS_MAX:
        raise RefusedError(f"say why, in at most {REASON_CHARS_MAX} characters")
