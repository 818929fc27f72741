"""The log asks its witnesses to cosign each checkpoint it gave out; nobody waits for them.

A checkpoint goes out as it is, and again with each cosignature. A witness that is away is asked
again, ever more rarely; one that was left behind is shown how the log grew.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency import checkpoint, note
from hyperpersonal_sdk.transparency.note import Note, NoteKey
from msgspec import Struct

from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.log import checkpoints, store, tree
from hyperpersonal_registry.witness import request

DEADLINE_S = 5.0
LOOK_EVERY_S = 0.5
REST_SECONDS_MAX = 60.0
_TRIES = 3  # the witness may have gone on between our question and its answer

Post = Callable[[str, bytes], Awaitable[tuple[int, bytes]]]
"""Sends a body to an address; status and answer. Raises OutsideError."""


class WitnessAt(Struct, frozen=True):
    """A witness: its key, and where it is asked (`https://witness.example`)."""

    key: NoteKey
    url: str


class Asking:
    """One where the log's key is; several do no harm.

    Args:
        ground: of the registry.
        witnesses: all of them are asked.
        post: the way to them.
        deadline_s: for one witness's whole answer.
    """

    def __init__(
        self,
        ground: Ground,
        witnesses: Sequence[WitnessAt],
        post: Post,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._ground, self._witnesses, self._post = ground, witnesses, post
        self._deadline_s = deadline_s
        self._sizes: dict[str, int] = {}
        self._faults: dict[str, int] = {}
        self._rests_until: dict[str, float] = {}
        self._log = log.get("registry")

    async def run(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look for a checkpoint that lacks a witness, until cancelled."""
        while True:
            try:
                await self.ask()
            except OutsideError as error:
                self._log.warning("log.not_witnessed", error=str(error))
            await asyncio.sleep(every_s)

    async def ask(self) -> int:
        """Ask those whose cosignature the newest checkpoint lacks; how many were added."""
        async with self._ground.db.transaction() as connection:
            data = await checkpoints.newest(connection)
        if data is None:
            return 0
        signed = note.parse(data)
        asked = [self._line(one, signed) for one in self._witnesses if self._is_due(one, signed)]
        lines = [one for one in await asyncio.gather(*asked) if one is not None]
        if not lines:
            return 0
        for name, signature in lines:
            signed = signed.with_signature(name, signature)
        async with self._ground.db.transaction() as connection:
            await checkpoints.cosign(connection, signed, self._ground.now)
        await self._ground.tell()
        return len(lines)

    def _is_due(self, one: WitnessAt, signed: Note) -> bool:
        if time.monotonic() < self._rests_until.get(one.key.name, 0.0):
            return False
        return not note.signers(signed, [one.key])

    async def _line(self, one: WitnessAt, signed: Note) -> tuple[str, bytes] | None:
        """One witness's line, verified; None when it does not sign now."""
        name = one.key.name
        try:
            async with asyncio.timeout(self._deadline_s):
                found = await self._asked(one, signed)
        except (OutsideError, UntrustedError, ValueError, TimeoutError) as error:
            self._faults[name] = faults = self._faults.get(name, 0) + 1
            self._rests_until[name] = time.monotonic() + min(2.0**faults, REST_SECONDS_MAX)
            self._log.warning("log.not_witnessed", witness=name, error=str(error) or "no answer")
            return None
        self._faults.pop(name, None)
        self._sizes[name] = checkpoint.parse(signed.text).size
        return found

    async def _asked(self, one: WitnessAt, signed: Note) -> tuple[str, bytes]:
        size, old = checkpoint.parse(signed.text).size, self._sizes.get(one.key.name, 0)
        for _ in range(_TRIES):
            body = request.write(old, await self._growth(old, size), signed.data)
            status, answer = await self._post(f"{one.url}/add-checkpoint", body)
            if status != 409:
                return self._verified(one, signed, status, answer)
            told = int(answer[:20])
            if told > size or told == old:
                said = f"saw another or a longer log ({told} entries) than ours of {size}"
                raise OutsideError(f"{said}: was this database restored from an older dump?")
            old = told
        raise OutsideError("goes on faster than it can be asked")

    async def _growth(self, old: int, size: int) -> list[bytes]:
        if not 0 < old < size:
            return []
        async with self._ground.db.transaction() as connection:
            return await tree.consistency(store.reader(connection), old, size)

    def _verified(
        self, one: WitnessAt, signed: Note, status: int, answer: bytes
    ) -> tuple[str, bytes]:
        if status != 200:
            raise OutsideError(f"answered {status}: {answer[:200].decode(errors='replace')}")
        for name, signature in note.parse_lines(answer.decode()):
            if note.signers(Note(signed.text, ((name, signature),)), [one.key]):
                return name, signature
        raise OutsideError("answered without a cosignature of its key")
