"""Who signs the log's checkpoints."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_sdk.transparency import note
from hyperpersonal_sdk.transparency.checkpoint import Checkpoint
from hyperpersonal_sdk.transparency.note import NoteKey
from msgspec import Struct


class Signer(Struct, frozen=True):
    """The log's name (its origin, like `registry.example/log`) and its key."""

    name: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> NoteKey:
        """What verifiers must know of this log."""
        return NoteKey(self.name, self.key.public_key().public_bytes_raw())

    def sign(self, size: int, root: bytes) -> bytes:
        """A signed checkpoint. Sign only what is committed: a log never takes a size back."""
        return note.sign(Checkpoint(self.name, size, root).text, self.name, self.key).data
