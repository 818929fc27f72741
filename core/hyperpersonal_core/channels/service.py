"""Channels: configured connections contacts write through, each named by a public key.

A channel's key is public (it stands in the merchant's page): it only allows to start a
conversation and to write; who reads a conversation must hold that contact's own token.
"""

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from hyperpersonal_core.channels.models import ChannelRow
from hyperpersonal_core.channels.repository import ChannelRepository
from hyperpersonal_core.channels.values import CHANNEL_KINDS, ChannelScope, NewChannel
from hyperpersonal_core.kit.access_keys import new_key, present, row_of
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError, UnauthenticatedError
from hyperpersonal_core.kit.ids import Ids

NAME_CHARS_MAX = 200
CHANNELS_PAGE_MAX = 200
_UNKNOWN_KEY = "this channel key is not known; copy it again from the channel's page"


class Channels:
    """The slice's service. Stateless; one a process."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    async def create_channel(self, tenant_id: UUID, channel: NewChannel) -> str:
        """A new channel; returns its public key, which cannot be shown again.

        Raises:
            RefusedError: the name or kind is malformed.
            NotFoundError: there is no such tenant.
        """
        if not 1 <= len(channel.name.strip()) <= NAME_CHARS_MAX:
            raise RefusedError(f"a name has 1 to {NAME_CHARS_MAX} characters")
        if channel.kind not in CHANNEL_KINDS:
            known = ", ".join(CHANNEL_KINDS)
            raise RefusedError(f"a channel's kind is one of: {known}", kind=channel.kind)
        key, row = new_key("hpc"), self._row(tenant_id, channel)
        key_row = row_of(key, "channel", (tenant_id, row.id), row.created_at)
        try:
            async with self._db.session(tenant_id) as session:
                await ChannelRepository(session).add(row, key_row)
        except IntegrityError as error:
            raise NotFoundError("there is no such tenant") from error
        return key

    async def resolve(self, key: str) -> ChannelScope:
        """The channel a key names.

        Raises:
            UnauthenticatedError: no channel has it.
        """
        async with self._db.session() as session:
            owner = await present(session, key, "channel")
            row = await ChannelRepository(session).get(*owner) if owner else None
        if row is None:
            raise UnauthenticatedError(_UNKNOWN_KEY)
        return _scope(row)

    async def channels(self, tenant_id: UUID) -> list[ChannelScope]:
        """All channels of the tenant by name, at most 200."""
        async with self._db.session(tenant_id) as session:
            rows = await ChannelRepository(session).all(tenant_id, CHANNELS_PAGE_MAX)
        return [_scope(row) for row in rows]

    def _row(self, tenant_id: UUID, channel: NewChannel) -> ChannelRow:
        return ChannelRow(
            tenant_id=tenant_id,
            id=self._ids.new(),
            kind=channel.kind,
            name=channel.name.strip(),
            config=channel.config,
            created_at=self._clock.now(),
        )


def _scope(row: ChannelRow) -> ChannelScope:
    return ChannelScope(row.tenant_id, row.id, row.kind, row.name, row.config)
