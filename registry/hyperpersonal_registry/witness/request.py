"""What a log sends its witnesses: the size they saw last, the proof that it grew, a checkpoint.

Source: C2SP tlog-witness v1, `add-checkpoint`.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence

from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_sdk.transparency import merkle, note
from msgspec import Struct

REQUEST_BYTES_MAX = note.NOTE_BYTES_MAX + 4_096
_PROOF_MAX = merkle.PROOF_HASHES_MAX - 1


class Request(Struct, frozen=True):
    """`old_size`: of what the witness saw last; `proof`: from there to the signed checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


def write(old_size: int, proof: Sequence[bytes], checkpoint: bytes) -> bytes:
    """The body of a request."""
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return f"old {old_size}\n{hashes}\n".encode() + checkpoint


def read(body: bytes) -> Request:
    """The request in a body; nothing is verified yet.

    Raises:
        RefusedError: it is none.
    """
    head, gap, checkpoint = body.partition(b"\n\n")
    if len(body) > REQUEST_BYTES_MAX or not gap or not head.startswith(b"old "):
        raise RefusedError("a request is `old SIZE`, a proof, an empty line and a checkpoint")
    first, *lines = head.split(b"\n")
    size = first.removeprefix(b"old ")
    if not size.isdigit() or len(size) > 19 or str(int(size)).encode() != size:
        raise RefusedError("the old size is a number")
    if len(lines) > _PROOF_MAX:
        raise RefusedError(f"a proof has at most {_PROOF_MAX} hashes")
    return Request(int(size), tuple(_hash(line) for line in lines), checkpoint)


def _hash(line: bytes) -> bytes:
    try:
        found = b64decode(line, validate=True)
    except (Base64Error, ValueError) as error:
        raise RefusedError("a line of the proof is not base64") from error
    if len(found) != merkle.HASH_BYTES:
        raise RefusedError(f"a hash has {merkle.HASH_BYTES} bytes")
    return found
