"""The witness itself: one question, `add_checkpoint`, and what must hold before it signs.

It signs a checkpoint of a log it knows, if that continues the one it signed last. So no two of its
cosignatures are of histories that exclude each other; whoever asks for enough honest witnesses
cannot be shown a past of their own. Source: C2SP tlog-witness v1, tlog-cosignature v1.
"""

from collections.abc import Callable, Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency import checkpoint, note
from hyperpersonal_sdk.transparency.checkpoint import Checkpoint
from hyperpersonal_sdk.transparency.note import COSIGNATURE, NoteKey

from hyperpersonal_registry.witness import request
from hyperpersonal_registry.witness.request import Request
from hyperpersonal_registry.witness.state import State


class NotCosignedError(RefusedError):
    """The witness does not sign. `status`: as the protocol has it; `size`: with 409, what this
    witness saw last, from where a proof is wanted."""

    code = "not_cosigned"

    def __init__(self, status: int, message: str, size: int | None = None) -> None:
        super().__init__(message)
        self.status, self.size = status, size


class Witness:
    """One key, the logs it knows, and what it saw of them.

    Args:
        name: of its key, like `witness.example/w1`.
        key: its own.
        logs: keys of the logs it cosigns; a log's name is its origin.
        state: on disk.
        now_s: unix time.
    """

    def __init__(
        self,
        name: str,
        key: Ed25519PrivateKey,
        logs: Sequence[NoteKey],
        state: State,
        now_s: Callable[[], int],
    ) -> None:
        self._name, self._key, self._state, self._now_s = name, key, state, now_s
        self._logs: Mapping[str, list[NoteKey]] = {
            one.name: [other for other in logs if other.name == one.name] for one in logs
        }

    @property
    def public(self) -> NoteKey:
        """What others must know to count this witness."""
        return NoteKey(self._name, self._key.public_key().public_bytes_raw(), COSIGNATURE)

    def add_checkpoint(self, body: bytes) -> bytes:
        """The cosignature of a checkpoint, as a line under it; on disk is then that it was seen.

        Args:
            body: see `request`.

        Raises:
            NotCosignedError: 400 no request; 404 unknown log; 403 not signed by it; 409 not from
                where this witness is; 422 the proof does not hold.
        """
        asked, signed, shown = self._read(body)
        if asked.old_size > shown.size:
            raise NotCosignedError(400, f"{asked.old_size} is more than the {shown.size} shown")
        with self._state.step(shown.origin) as step:
            self._check(asked, step.newest(), shown)
            step.write(shown)
        whole = note.cosign(signed, self._name, self._key, self._now_s())
        return note.line(*whole.signatures[-1]).encode()

    def _read(self, body: bytes) -> tuple[Request, note.Note, Checkpoint]:
        try:
            asked = request.read(body)
            signed = note.parse(asked.checkpoint)
            shown = checkpoint.parse(signed.text)
        except (RefusedError, UntrustedError) as error:
            raise NotCosignedError(400, str(error)) from error
        keys = self._logs.get(shown.origin)
        if keys is None:
            raise NotCosignedError(404, f"this witness does not know the log {shown.origin!r}")
        try:
            signers = note.signers(signed, keys)
        except UntrustedError as error:
            raise NotCosignedError(403, str(error)) from error
        if not signers:
            raise NotCosignedError(403, f"the log {shown.origin} did not sign this checkpoint")
        return asked, signed, shown

    def _check(self, asked: Request, seen: Checkpoint | None, shown: Checkpoint) -> None:
        """The checkpoint shown continues the one that was seen last."""
        size = seen.size if seen else 0
        if asked.old_size != size:
            raise NotCosignedError(409, f"this witness saw {size} entries last", size)
        if seen is not None and size == shown.size and seen.root != shown.root:
            raise NotCosignedError(409, f"another log of {size} entries was seen before", size)
        old = seen or checkpoint.empty(shown.origin)
        try:
            checkpoint.verify_growth(old, shown, asked.proof)
        except UntrustedError as error:
            raise NotCosignedError(422, str(error)) from error
