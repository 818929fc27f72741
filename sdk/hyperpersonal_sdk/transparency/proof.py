"""A proof that one entry is in a log, whole in itself: the entry, its place, hashes, a checkpoint.

Source: C2SP tlog-proof v1. Its `extra` line carries the entry, so that nothing else is needed.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import NoReturn

from msgspec import Struct

from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency import checkpoint, merkle, note
from hyperpersonal_sdk.transparency.checkpoint import Checkpoint, Witnesses
from hyperpersonal_sdk.transparency.note import NoteKey

HEADER = "c2sp.org/tlog-proof@v1"
ENTRY_BYTES_MAX = 0xFFFF
PROOF_BYTES_MAX = 2 * ENTRY_BYTES_MAX + note.NOTE_BYTES_MAX


class LogProof(Struct, frozen=True):
    """Entry number `index` (from 0) of the log that `checkpoint` (signed) is of.
    `hashes`: bottom up."""

    entry: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes

    @property
    def data(self) -> bytes:
        """The proof as it is stored and sent."""
        hashes = "".join(f"{b64encode(one).decode()}\n" for one in self.hashes)
        extra = b64encode(self.entry).decode()
        return f"{HEADER}\nextra {extra}\nindex {self.index}\n{hashes}\n".encode() + self.checkpoint

    def verify(self, log: NoteKey, witnesses: Witnesses | None = None) -> Checkpoint:
        """The checkpoint, if the log and enough witnesses stand for it and it holds the entry.

        Raises:
            UntrustedError: `bad_proof`, or a code of `checkpoint.verify`.
        """
        seen = checkpoint.verify(self.checkpoint, log, witnesses)
        self.verify_in(seen)
        return seen

    def verify_in(self, seen: Checkpoint) -> None:
        """The entry is in the log of this checkpoint, which was verified. Raises `bad_proof`."""
        leaf = merkle.leaf_hash(self.entry)
        merkle.verify_inclusion(leaf, self.index, seen.size, self.hashes, seen.root)


def parse(data: bytes) -> LogProof:
    """The proof these bytes are; nothing is verified yet.

    Raises:
        UntrustedError: `bad_proof`.
    """
    if len(data) > PROOF_BYTES_MAX:
        _refuse(f"a proof has at most {PROOF_BYTES_MAX} bytes")
    head, gap, signed = data.partition(b"\n\n")
    try:
        header, extra, index, *hashes = head.decode().split("\n")
    except ValueError as error:
        raise UntrustedError("bad_proof", f"this is no proof: {error}") from error
    number = index.removeprefix("index ")[:20]
    if not gap or header != HEADER or not extra.startswith("extra ") or number == index:
        _refuse(f"a proof begins with {HEADER}, an entry and its index")
    if not number.isascii() or not number.isdigit() or str(int(number)) != number:
        _refuse("the index is no number")
    if len(hashes) > merkle.PROOF_HASHES_MAX:
        _refuse(f"a proof has at most {merkle.PROOF_HASHES_MAX} hashes")
    entry, *parts = (_base64(one) for one in (extra.removeprefix("extra "), *hashes))
    return LogProof(entry, int(number), tuple(parts), signed)


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError) as error:
        raise UntrustedError("bad_proof", f"not base64: {error}") from error


def _refuse(message: str) -> NoReturn:
    raise UntrustedError("bad_proof", message)
