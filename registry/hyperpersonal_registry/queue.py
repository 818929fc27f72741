"""What waits: for the checks, for reviewers, for its publisher."""

from collections.abc import Iterable

from hyperpersonal_registry import submissions
from hyperpersonal_registry.decision import State
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.submissions import Reviewed, Submission
from hyperpersonal_registry.trust import store


class Queue:
    """Reads only. One a process."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def waiting(self, states: Iterable[State] = ("submitted", "checked")) -> list[Submission]:
        """Submissions in these states, oldest first, at most 200."""
        async with self._ground.db.transaction() as connection:
            return await submissions.in_state(connection, states)

    async def of_namespace(self, namespace: str, limit: int = 50) -> list[Submission]:
        """A publisher's submissions, newest first."""
        async with self._ground.db.transaction() as connection:
            return await submissions.of_namespace(connection, namespace, limit)

    async def reviews(self, digest: str) -> list[Reviewed]:
        """Reviews of a submission, oldest first."""
        async with self._ground.db.transaction() as connection:
            return await submissions.reviews_of(connection, digest)

    async def metadata(self, name: str) -> bytes | None:
        """A trust metadata file as mirrors serve it."""
        async with self._ground.db.transaction() as connection:
            return await store.read(connection, name)

    async def metadata_of(self, role: str) -> bytes | None:
        """The newest metadata of a namespace; None before its first."""
        async with self._ground.db.transaction() as connection:
            return await store.newest(connection, role)
