"""The job `registry.check`: examines a submission and records the report.

It may run twice: the same report changes nothing. A report with an ERROR is recorded, so that the
publisher sees what is waited for, and the job is tried again; after its last try it is held, and
the submission waits: nothing is published that was not checked.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_sdk.verdicts import Verdict

from hyperpersonal_registry import releases
from hyperpersonal_registry.checks.runner import Runner
from hyperpersonal_registry.checks.subject import Subject
from hyperpersonal_registry.service import Registry
from hyperpersonal_registry.submissions import Submission

if TYPE_CHECKING:
    from hyperpersonal_core.kit.jobs import Job

OTHERS_MAX = 50_000
AT_ONCE_MAX = 2  # each starts sandboxes of its own
_OTHERS = """select distinct plugin_id from registry.releases
where namespace <> $1 and status = 'published' order by plugin_id limit $2"""


class ChecksUnfinishedError(Exception):
    """Some check could not tell; the names say which. The job is tried again."""


class Checking:
    """Examines submissions of one registry.

    Args:
        registry: where they are and where reports go.
        cache: folder of compiled guests.
        advisories: a file of known vulnerabilities (`python -m hyperpersonal_sdk.checks.advisories`
            writes it); the one shipped where it is not there. Read at each run: it can be replaced.
        runner: how checks are run, AT_ONCE_MAX submissions at a time.
    """

    def __init__(
        self,
        registry: Registry,
        cache: Path,
        *,
        advisories: Path | None = None,
        runner: Runner | None = None,
    ) -> None:
        self._registry = registry
        self._cache = cache
        self._advisories = advisories
        self._runner = runner or Runner()
        self._gate = asyncio.Semaphore(AT_ONCE_MAX)

    async def handle(self, job: "Job") -> None:
        """The job's handler; its payload is the digest.

        Raises:
            ChecksUnfinishedError: an ERROR was recorded.
        """
        report, _ = await self.check(job.payload.decode())
        unfinished = [one.check for one in report if one.verdict == "ERROR"]
        if unfinished:
            raise ChecksUnfinishedError(", ".join(unfinished))

    async def check(self, digest: str) -> tuple[list[Verdict], Submission]:
        """Examine now, record, and say where the submission stands; one that is decided is left.

        Raises:
            NotFoundError: nothing of this digest was handed in, or its artifact is lost.
        """
        found = await self._registry.submission(digest)
        if found.state != "submitted":
            return [], found
        names = self._registry.ground.policy.checks_of(found.manifest)
        async with self._gate:
            report = await self._runner.run(await self.subject(found), names)
        return report, await self._registry.record_verdicts(digest, report)

    async def subject(self, found: Submission) -> Subject:
        """All that the checks look at."""
        ground = self._registry.ground
        async with ground.db.transaction() as connection:
            before = await releases.before(connection, found.plugin_id, found.version)
            others = await _others(connection, found.namespace)
        artifact = await ground.blobs.get(found.digest)
        if artifact is None:
            raise NotFoundError("the artifact is lost", digest=found.digest)
        previous = None if before is None else await ground.blobs.get(before)
        path = self._advisories
        advisories = path.read_bytes() if path is not None and path.is_file() else None
        return Subject(
            artifact, str(self._cache.resolve()), previous, others, ground.now.date(), advisories
        )


async def _others(connection: Connection, namespace: str) -> tuple[str, ...]:
    rows = await connection.fetch(_OTHERS, namespace, OTHERS_MAX)
    return tuple(row["plugin_id"] for row in rows)
