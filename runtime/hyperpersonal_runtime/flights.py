"""Hook calls in flight, by release, so that a revoked release's can be ended."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hyperpersonal_sdk.contract.outcomes import Outcome

from hyperpersonal_runtime.ending import End

Flight = asyncio.Task[End]


class Flights:
    """Which releases run now. Whoever waits for a stopped call hears why at once; its guest makes
    no further host call, and is ended with its worker if it does not end by itself."""

    def __init__(self) -> None:
        self._flying: dict[str, set[Flight]] = {}
        self._why: dict[Flight, str] = {}

    @property
    def digests(self) -> tuple[str, ...]:
        """The releases that have a call in flight."""
        return tuple(self._flying)

    async def fly(self, digest: str, work: Coroutine[Any, Any, End]) -> End:
        """The work's own end, or that it was stopped."""
        flight: Flight = asyncio.get_running_loop().create_task(work)
        self._flying.setdefault(digest, set()).add(flight)
        try:
            return await flight
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if flight not in self._why or (task is not None and task.cancelling()):
                raise
            return End(Outcome.REFUSED, self._why[flight])
        finally:
            self._why.pop(flight, None)
            self._flying[digest].discard(flight)
            if not self._flying[digest]:
                del self._flying[digest]

    def stop(self, digest: str, why: str) -> int:
        """End every call of this release as refused, with these words; how many there were."""
        flights = list(self._flying.get(digest, ()))
        for flight in flights:
            self._why[flight] = why
            flight.cancel()
        return len(flights)
