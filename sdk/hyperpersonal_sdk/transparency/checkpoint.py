"""A log's checkpoint: how many entries it has and the root over them, signed and witnessed.

Source: C2SP tlog-checkpoint v1.0.0.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from typing import NoReturn

from msgspec import Struct

from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency import merkle, note
from hyperpersonal_sdk.transparency.note import NoteKey

SIZE_MAX = 2**63 - 1


class Checkpoint(Struct, frozen=True):
    """A log of `size` entries under `root`. `origin` names the log, whoever serves it."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


class Witnesses(Struct, frozen=True):
    """Whose cosignatures count, and how many of them a checkpoint needs."""

    keys: tuple[NoteKey, ...] = ()
    needed: int = 0


def verify(data: bytes, log: NoteKey, witnesses: Witnesses | None = None) -> Checkpoint:
    """The checkpoint these bytes are, if the log and enough witnesses stand for it.

    Raises:
        UntrustedError: bad_note, bad_checkpoint, altered_note, other_log, unsigned or unwitnessed.
    """
    witnesses = witnesses or Witnesses()
    parsed = note.parse(data)
    checkpoint = parse(parsed.text)
    if checkpoint.origin != log.name:
        _refuse("other_log", f"this is a checkpoint of {checkpoint.origin!r}, not {log.name!r}")
    if not note.signers(parsed, [log]):
        _refuse("unsigned", f"the log {log.name} did not sign this checkpoint")
    seen = note.signers(parsed, witnesses.keys)
    if len(seen) < witnesses.needed:
        words = f"{len(seen)} of {witnesses.needed} needed witnesses saw this checkpoint"
        _refuse("unwitnessed", words)
    return checkpoint


def verify_growth(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """The new checkpoint continues the old one: the log shows everybody the same past.

    Raises:
        UntrustedError: other_log; rollback when it has shrunk; bad_proof.
    """
    if old.origin != new.origin:
        _refuse("other_log", f"{new.origin!r} does not continue {old.origin!r}")
    if new.size < old.size:
        _refuse("rollback", f"the log had {old.size} entries, now it shows {new.size}")
    merkle.verify_consistency(old.size, new.size, proof, old.root, new.root)


def split_view(checkpoints: Iterable[Checkpoint]) -> tuple[Checkpoint, Checkpoint] | None:
    """Two checkpoints of one log that cannot both be true, compared size by size; None if all
    agree. Both together, with their signatures, prove that the log lied."""
    seen: dict[tuple[str, int], Checkpoint] = {}
    for checkpoint in checkpoints:
        other = seen.setdefault((checkpoint.origin, checkpoint.size), checkpoint)
        if other.root != checkpoint.root:
            return other, checkpoint
    return None


def empty(origin: str) -> Checkpoint:
    """Of a log nothing of which was seen yet: every log continues it."""
    return Checkpoint(origin, 0, merkle.EMPTY_ROOT)


def parse(text: str) -> Checkpoint:
    """The checkpoint a note's text is; who signed it is not looked at. Raises `bad_checkpoint`."""
    origin, size, root, *_ = [*text.split("\n"), "", ""]
    if not origin or not size.isascii() or not size.isdigit() or str(int(size)) != size:
        _refuse("bad_checkpoint", "a checkpoint is an origin, a size and a root")
    try:
        data = b64decode(root, validate=True)
    except (Base64Error, ValueError) as error:
        raise UntrustedError("bad_checkpoint", f"the root is not base64: {error}") from error
    if len(data) != merkle.HASH_BYTES or int(size) > SIZE_MAX:
        _refuse("bad_checkpoint", f"a root has {merkle.HASH_BYTES} bytes")
    return Checkpoint(origin, int(size), data)


def _refuse(code: str, message: str) -> NoReturn:
    raise UntrustedError(code, message)
