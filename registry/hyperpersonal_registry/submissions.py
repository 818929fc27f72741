"""The tables of what was handed in: submissions, verdicts of each run, reviews."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_sdk.manifest import Manifest
from msgspec import Struct, convert, structs, to_builtins

from hyperpersonal_registry import releases
from hyperpersonal_registry.decision import Case, Decision, State, Vote
from hyperpersonal_registry.verdicts import Verdict

PAGE_MAX = 200

_COLUMNS = """digest, plugin_id, version, namespace, manifest, envelope, key_id, artifact_bytes,
sha256, metadata, submitted_at, state, why, run, appeal, appealed_at, decided_at"""
_GET = f"select {_COLUMNS} from registry.submissions where digest = $1"  # noqa: S608 - no input
_LOCK = f"{_GET} for update"
_BY_STATE = f"""select {_COLUMNS} from registry.submissions where state = any($1)
order by submitted_at limit $2"""  # noqa: S608
_OF_NAMESPACE = f"""select {_COLUMNS} from registry.submissions where namespace = $1
order by submitted_at desc limit $2"""  # noqa: S608
_WAITING = """select count(*) from registry.submissions
where namespace = $1 and state = 'submitted'"""
_ADD = """insert into registry.submissions (digest, plugin_id, version, namespace, manifest,
envelope, key_id, artifact_bytes, sha256, metadata, submitted_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""
_AGAIN = """update registry.submissions set envelope = $2, key_id = $3, metadata = $4
where digest = $1"""
_SETTLE = """update registry.submissions set state = $2, why = $3, decided_at = $4
where digest = $1"""
_APPEAL = """update registry.submissions set appeal = $2, appealed_at = $3 where digest = $1"""
_RUN = "update registry.submissions set run = run + 1 where digest = $1 returning run"
_ADD_VERDICT = """insert into registry.verdicts (digest, run, name, verdict, reason, detail, at)
values ($1, $2, $3, $4, $5, $6, $7)"""
_VERDICTS = """select digest, name as "check", verdict, reason, detail from registry.verdicts
join unnest($1::text[], $2::int[]) as wanted (digest, run) using (digest, run) order by name"""
_ADD_REVIEW = """insert into registry.attestations
(digest, n, key_id, approves, report, waived, reason, attestation, at)
select $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5, $6, $7, $8
from registry.attestations where digest = $1"""
_REVIEWS = """select digest, key_id, approves, report, waived, reason, attestation, at
from registry.attestations where digest = any($1) order by n"""


class Submission(Struct, frozen=True):
    """What was handed in and where it stands. `why`: what it waits for, or what spoke against it.

    `metadata`: the namespace's next TUF metadata, as its publisher signed it; `run`: which run of
    the checks counts; `key_id`: the publisher's key.
    """

    digest: str
    plugin_id: str
    version: str
    namespace: str
    manifest: Manifest
    envelope: bytes
    key_id: str
    artifact_bytes: int
    sha256: str
    metadata: bytes | None
    submitted_at: datetime
    state: State = "submitted"
    why: tuple[str, ...] = ()
    run: int = 0
    appeal: str = ""
    appealed_at: datetime | None = None
    decided_at: datetime | None = None

    @property
    def name(self) -> str:
        """`publisher/name@version`."""
        return f"{self.plugin_id}@{self.version}"

    def decided(self, decision: Decision) -> "Submission":
        """The same after a decision."""
        return structs.replace(self, state=decision.state, why=decision.why)


class Reviewed(Struct, frozen=True):
    """One review as it was handed in."""

    vote: Vote
    attestation: bytes
    at: datetime


async def get(connection: Connection, digest: str, *, lock: bool = False) -> Submission | None:
    """The submission of a digest; `lock` holds it for this transaction."""
    row = await connection.fetchrow(_LOCK if lock else _GET, digest)
    return None if row is None else _submission(row)


async def in_state(
    connection: Connection, states: Iterable[State], limit: int = PAGE_MAX
) -> list[Submission]:
    """Submissions in one of these states, oldest first."""
    rows = await connection.fetch(_BY_STATE, list(states), min(limit, PAGE_MAX))
    return [_submission(row) for row in rows]


async def of_namespace(connection: Connection, namespace: str, limit: int) -> list[Submission]:
    """A publisher's submissions, newest first."""
    rows = await connection.fetch(_OF_NAMESPACE, namespace, min(limit, PAGE_MAX))
    return [_submission(row) for row in rows]


async def waiting(connection: Connection, namespace: str) -> int:
    """How many of a publisher's submissions wait for their checks."""
    count: int = await connection.fetchval(_WAITING, namespace)
    return count


async def add(connection: Connection, made: Submission) -> None:
    """Raises asyncpg.UniqueViolationError when the version is being looked at or was published."""
    await connection.execute(
        _ADD, made.digest, made.plugin_id, made.version, made.namespace,
        to_builtins(made.manifest), made.envelope, made.key_id, made.artifact_bytes,
        made.sha256, made.metadata, made.submitted_at,
    )  # fmt: skip


async def signed_again(connection: Connection, made: Submission) -> None:
    """The same artifact with a newer signature and newer metadata."""
    row = (made.digest, made.envelope, made.key_id, made.metadata)
    await connection.execute(_AGAIN, *row)


async def settle(
    connection: Connection, digest: str, decision: Decision, at: datetime | None
) -> None:
    """Raises asyncpg.UniqueViolationError when its version is taken by another submission."""
    await connection.execute(_SETTLE, digest, decision.state, list(decision.why), at)


async def add_appeal(connection: Connection, digest: str, text: str, at: datetime) -> None:
    await connection.execute(_APPEAL, digest, text, at)


async def add_report(
    connection: Connection, digest: str, report: Sequence[Verdict], at: datetime
) -> int:
    """Store a run of the checks; its number."""
    run: int = await connection.fetchval(_RUN, digest)
    rows = [
        (digest, run, one.check, one.verdict, one.reason, list(one.detail), at) for one in report
    ]
    await connection.executemany(_ADD_VERDICT, rows)
    return run


async def report_of(connection: Connection, digest: str, run: int) -> list[Verdict]:
    """The verdicts of a run."""
    return (await reports_of(connection, {digest: run}))[digest]


async def reports_of(connection: Connection, runs: Mapping[str, int]) -> dict[str, list[Verdict]]:
    """`report_of` for each (digest -> run), in one query."""
    found: dict[str, list[Verdict]] = {digest: [] for digest in runs}
    for row in await connection.fetch(_VERDICTS, list(runs), list(runs.values())):
        values = dict(row)
        found[values.pop("digest")].append(convert(values, Verdict))
    return found


async def add_review(connection: Connection, digest: str, reviewed: Reviewed) -> None:
    vote = reviewed.vote
    await connection.execute(
        _ADD_REVIEW, digest, vote.key_id, vote.approves, vote.report, list(vote.waived),
        vote.reason, reviewed.attestation, reviewed.at,
    )  # fmt: skip


async def reviews_of(connection: Connection, digest: str) -> list[Reviewed]:
    """Its reviews, oldest first."""
    return (await reviews_of_all(connection, [digest]))[digest]


async def reviews_of_all(
    connection: Connection, digests: Iterable[str]
) -> dict[str, list[Reviewed]]:
    """`reviews_of` for each, in one query."""
    found: dict[str, list[Reviewed]] = {digest: [] for digest in digests}
    for row in await connection.fetch(_REVIEWS, list(found)):
        found[row["digest"]].append(_reviewed(row))
    return found


async def case_of(connection: Connection, found: Submission) -> Case:
    """All that the decision about a submission rests on."""
    return (await cases_of(connection, [found]))[found.digest]


async def cases_of(connection: Connection, found: Sequence[Submission]) -> dict[str, Case]:
    """`case_of` for each by its digest, in three queries."""
    keys = await releases.keys_of_all(connection, {one.namespace for one in found})
    reports = await reports_of(connection, {one.digest: one.run for one in found})
    reviewed = await reviews_of_all(connection, reports)
    return {
        one.digest: Case(
            one.manifest, reports[one.digest], [r.vote for r in reviewed[one.digest]],
            keys[one.namespace].ids, appealed=bool(one.appeal),
        )
        for one in found
    }  # fmt: skip


def _reviewed(row: Any) -> Reviewed:
    vote = Vote(row["key_id"], row["approves"], row["report"], tuple(row["waived"]), row["reason"])
    return Reviewed(vote, row["attestation"], row["at"])


def _submission(row: Any) -> Submission:
    values = dict(row)
    changed = {"manifest": convert(values["manifest"], Manifest), "why": tuple(values["why"])}
    return Submission(**{**values, **changed})
