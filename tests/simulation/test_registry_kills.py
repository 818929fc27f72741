"""The registry's process ends at every point of a release's life; nothing is lost or doubled.

Every statement a step sends to the database is a point. At each, the connection is cut, as when the
process is killed; then a fresh process does the step again.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fakes.full_registry import REVIEWERS, FullRegistry
from fakes.publishing import artifact, manifest
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError, OutsideError
from hyperpersonal_registry import house
from hyperpersonal_registry.api import Policy, Registry, Verdict
from hyperpersonal_registry.policy import PURE
from hyperpersonal_registry.submissions import Submission
from hyperpersonal_sdk import hpx

STATEMENTS = 30  # about as many as the longest step sends
POINTS_MAX = int(os.environ.get("HP_KILL_POINTS", "12"))
POLICY = Policy((*PURE, "extra"), waivable=frozenset({"extra"}))
PASSED = [Verdict(name, "PASS") for name in POLICY.checks]
FAILED = [*PASSED[:-1], Verdict("extra", "FAIL", "It is odd.")]


class Killed(BaseException):
    """The process is gone."""


class Cut:
    """A connection that is cut at its n-th statement."""

    def __init__(self, plain: Any, statements: int) -> None:
        self._plain, self._left = plain, statements

    def __getattr__(self, name: str) -> Any:
        plain = getattr(self._plain, name)
        if name not in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
            return plain

        async def call(*given: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                self._plain.terminate()
                raise Killed
            return await plain(*given, **named)

        return call


class MortalDatabase(Database):
    """The same database for a process that is killed at a statement of its first long step."""

    def __init__(self, living: Database, statements: int) -> None:
        self._living, self._statements = living, statements

    @asynccontextmanager
    async def transaction(self, *tenants: UUID) -> AsyncIterator[Any]:
        async with self._living.transaction(*tenants) as connection:
            yield Cut(connection, self._statements)


Step = Callable[[Registry], Awaitable[Submission]]


@pytest.mark.timeout(400)
async def test_that_a_life_cut_at_every_statement_ends_the_same(
    db: Database, tmp_path: Path
) -> None:
    full = await FullRegistry.open(db, tmp_path, POLICY)
    cuts = 0
    for number in range(1, POINTS_MAX + 1):
        packed = artifact(manifest(version=f"1.0.{number}"))
        for step in _life(full, packed):
            cuts += await _cut(full, step, (number - 1) * STATEMENTS // POINTS_MAX)
        ended = await full.registry.submission(hpx_digest(packed))
        assert ended.state == "published"
        assert (await full.new_host(f"host-{number}").load(ended.digest)).version == ended.version
    said = [(entry.kind, entry.subject) for entry in await full.registry.journal(0, 500)]
    assert len(said) == len(set(said)), "no step is in the log twice"
    assert [kind for kind, _ in said].count("release.published") == POINTS_MAX
    assert await full.registry.journal_fault() is None
    assert cuts > POINTS_MAX, "the blade fell"


def _life(full: FullRegistry, packed: bytes) -> list[Step]:
    """Handed in, rejected, appealed, waived by a reviewer."""
    digest = hpx_digest(packed)
    key = full.publisher.key
    return [
        lambda registry: house.submit(registry, packed, key),
        lambda registry: registry.record_verdicts(digest, FAILED),
        lambda registry: registry.appeal(digest, "On purpose."),
        lambda registry: house.review(registry, packed, REVIEWERS[0], ("extra",)),
    ]


async def _cut(full: FullRegistry, step: Step, statements: int) -> bool:
    """Do a step in a process that is killed, then again in a fresh one; whether it was cut."""
    try:
        await step(full.again(MortalDatabase(full.db, statements)))
        cut = False
    except (Killed, OutsideError):
        cut = True
    try:
        await step(full.again())
    except ConflictError:
        assert not cut, "what was cut was not done, so it can be done"
    return cut


def hpx_digest(packed: bytes) -> str:
    return hpx.unpack(packed).digest
