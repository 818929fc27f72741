"""Journals at rest: sealed for their tenant, bound to their turn, adding up whatever the order."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fakes.keys import vault_of
from fakes.turns import Calls, Rig
from hyperpersonal_core.installations.sealed import (
    PACKED,
    JournalRow,
    Part,
    added,
    seal,
    unseal,
)
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.vault import Vault
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest
from hypothesis import given
from hypothesis import strategies as st

SECRET = "ann@example.com has the gift card 4711"
TURN = UUID(int=9)

rows = st.builds(
    JournalRow,
    path=st.sampled_from(["1", "2", "2.1", "agent2.1"]),
    installation_id=st.just(UUID(int=1)),
    name=st.just("tool.call"),
    request=st.text(max_size=5),
    write=st.booleans(),
    answer=st.none() | st.text(max_size=5),
)
parts = st.builds(Part, rows=st.lists(rows, max_size=4).map(tuple), input=st.none() | st.integers())


@given(parts, parts, parts)
def test_that_parts_add_up_in_any_grouping(one: Part, two: Part, three: Part) -> None:
    assert added(added(one, two), three) == added(one, added(two, three))


@given(parts, parts)
def test_that_an_answer_is_never_lost(one: Part, two: Part) -> None:
    answered = {row.path for part in (one, two) for row in part.rows if row.answer is not None}
    whole = {row.path: row.answer for row in added(one, two).rows}
    assert all(whole[path] is not None for path in answered)


@pytest.fixture
async def tenant(db: Database) -> UUID:
    async with db.transaction(UUID(int=1)) as connection:
        await connection.execute(
            "insert into tenants (tenant_id, slug, name, created_at) values ($1, 'a', 'A', now())",
            UUID(int=1),
        )
    return UUID(int=1)


async def test_that_a_part_opens_only_for_its_tenant_and_turn(vault: Vault, tenant: UUID) -> None:
    row = JournalRow("1", UUID(int=1), "tool.call", SECRET, write=True, answer="\0 and \ud7ff")
    part = Part((row,), input={"text": SECRET})
    sealed = await seal(vault, tenant, TURN, part)
    assert SECRET.encode() not in sealed
    assert await unseal(vault, tenant, TURN, [sealed]) == part
    for bad in (sealed[:-1], sealed[:40] + bytes([sealed[40] ^ 1]) + sealed[41:], b""):
        with pytest.raises(RefusedError):
            await unseal(vault, tenant, TURN, [bad])
    with pytest.raises(RefusedError):
        await unseal(vault, tenant, UUID(int=10), [sealed])


class Later:
    """A sealer whose parts a later version of us wrote, or nobody did."""

    def __init__(self, opened: bytes) -> None:
        self._opened = opened

    async def seal(self, tenant_id: UUID, purpose: str, data: bytes) -> bytes:
        return data

    async def open(self, tenant_id: UUID, purpose: str, sealed: bytes) -> bytes:
        return self._opened


async def test_that_a_later_format_is_named_and_no_guess() -> None:
    with pytest.raises(OutsideError, match="later version"):
        await unseal(Later(b"\2abc"), UUID(int=1), TURN, [b"x"])
    cut = PACKED + (await seal(Later(b""), UUID(int=1), TURN, Part()))[1:-2]
    with pytest.raises(OutsideError, match="over"):
        await unseal(Later(cut), UUID(int=1), TURN, [b"x"])


class TestInTheDatabase:
    """The whole engine: what a plugin asked and was answered is nowhere in the clear."""

    @pytest.fixture
    async def rig(self, db: Database, bus: Bus) -> Any:
        made = await Rig(db, bus).prepare()
        yield made
        await made.stop()

    async def test_that_no_row_shows_a_request_or_an_answer(self, rig: Rig, dsn: str) -> None:
        async def asks(request: TurnRequest, calls: Calls) -> TurnReply:
            await calls.tool("shop.get", SECRET, order="gift-card-4711-request")
            await calls.tool("crm.note", SECRET, write=False, note="gift-card-4711-request")
            return TurnReply("It is there.")

        await rig.agent("order", asks)
        rig.start()
        await rig.ask("my order")
        dump = await dumped(rig.db)
        assert "It is there." in dump, "the dump holds what it should"
        assert SECRET not in dump
        assert "gift-card-4711-request" not in dump
        assert await vault_opens(rig.db) == 2

    async def test_that_an_intention_is_sealed_too(self, rig: Rig) -> None:
        waiting: list[str] = []

        async def writes(request: TurnRequest, calls: Calls) -> TurnReply:
            await calls.tool("shop.cancel", "done", write=True, order=SECRET)
            return TurnReply("done")

        async def pause() -> None:
            waiting.append(await dumped(rig.db))

        rig.pause = pause
        await rig.agent("order", writes)
        rig.start()
        await rig.ask("my order")
        assert waiting
        assert SECRET not in waiting[0]

    async def test_that_a_turn_whose_journal_was_altered_comes_to_a_person(self, rig: Rig) -> None:
        """Nobody goes on by guess: an action might be done twice."""
        failed = asyncio.Event()

        async def writes(request: TurnRequest, calls: Calls) -> TurnReply:
            await calls.tool("shop.cancel", "done", write=True, order="1")
            return TurnReply("done")

        async def pause() -> None:
            if not failed.is_set():
                async with rig.db.transaction(UUID(int=1)) as connection:
                    await connection.execute("update journal set sealed = sealed || 'x'")
                failed.set()
                raise ConnectionError

        rig.pause = pause
        await rig.agent("order", writes)
        place = await rig.conversation()
        await rig.write(place, "my order")
        rig.start()
        await asyncio.wait_for(failed.wait(), 60)
        await rig.turns_over()
        rig.clock.ahead += timedelta(seconds=rig.settings.lease_s)
        (notice,) = await rig.wait_for(place, 1, ("handoff",))
        assert notice.body["reason"] == "failed"
        assert sum(rig.shop.done.values()) == 0


async def dumped(db: Database) -> str:
    """Every row of every table of the tenant, as text, byte columns both as hex and as they are."""
    texts = []
    async with db.transaction(UUID(int=1)) as connection:
        names = await connection.fetch(
            "select tablename from pg_tables where schemaname = 'public'"
        )
        for name in names:
            allowed = "select has_table_privilege($1, 'select')"
            if await connection.fetchval(allowed, f'public."{name[0]}"'):
                query = f'select t::text from "{name[0]}" t'
                texts += [row[0] for row in await connection.fetch(query)]
        sealed = await connection.fetch("select sealed from journal")
    return "\n".join([*texts, *(row[0].decode("latin-1") for row in sealed)])


async def vault_opens(db: Database) -> int:
    """How many rows of a turn the vault gives back."""
    async with db.transaction(UUID(int=1)) as connection:
        kept = await connection.fetchrow("select turn_id, sealed from journal")
    part = await unseal(vault_of(db), UUID(int=1), kept["turn_id"], [kept["sealed"]])
    return len(part.rows)
