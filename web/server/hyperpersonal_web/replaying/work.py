"""Runs recorded turns again, several at once."""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from hyperpersonal_core.api import RecordedTurn
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_runtime.api import Replayed, Replayer, SealedRelease, gathered
from msgspec import Struct

from hyperpersonal_web.replaying.archive import Archive

AT_ONCE = 6


class ReplayedTurn(Struct, frozen=True):
    """A turn that was run again; `unread`: why it could not be."""

    id: UUID
    turn: RecordedTurn | None = None
    calls: tuple[Replayed, ...] = ()
    unread: str = ""

    @property
    def different(self) -> bool:
        """Whether any of its calls differs."""
        return any(call.differences for call in self.calls)


class Replays:
    """Replays turns of an archive on their own releases, or all on one other release."""

    def __init__(
        self, archive: Archive, replayer: Replayer, release: SealedRelease | None = None
    ) -> None:
        self._archive = archive
        self._replayer = replayer
        self._release = release

    async def run(
        self, places: Sequence[tuple[UUID, UUID]], told: Callable[[], None]
    ) -> list[ReplayedTurn]:
        """The turns in their order; `told` after each."""
        return await gathered([partial(self._one, place) for place in places], AT_ONCE, told)

    async def _one(self, place: tuple[UUID, UUID]) -> ReplayedTurn:
        try:
            turn = await self._archive.read(place)
            calls = await self._calls(turn)
        except RefusedError as error:
            return ReplayedTurn(place[1], unread=error.message)
        except OutsideError as error:
            return ReplayedTurn(place[1], unread=str(error))
        return ReplayedTurn(place[1], turn, tuple(calls))

    async def _calls(self, turn: RecordedTurn) -> list[Replayed]:
        load = self._archive.load
        if self._release is None:
            return await self._replayer.repeat(turn.recording, load)
        return await self._replayer.rehearse(turn.recording, self._release, load)
