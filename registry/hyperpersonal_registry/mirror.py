r"""A part of the registry as one signed file, for hosts without a network.

    HPM/1\n | length of the seal, 4 bytes big-endian | seal | body (msgpack)

Rules:
1. The seal is a DSSE envelope over the body's sha256, by the registry's timestamp key, which the
   pinned root names.
2. Nothing in the file is believed for being in it: metadata goes through `Trust.refresh`, every
   artifact through `Trust.admit` and its publisher's signature, every entry of the log through its
   proof. One fault refuses the file, and nothing of it is kept.
"""

import hashlib
import struct
from datetime import datetime

import msgspec
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_sdk import dsse, signing
from hyperpersonal_sdk.errors import ArchiveError, UntrustedError
from hyperpersonal_sdk.hpx import ARCHIVE_BYTES_MAX
from hyperpersonal_sdk.signing import TrustedKey, TrustedRelease
from hyperpersonal_sdk.transparency import checkpoint, merkle
from hyperpersonal_sdk.transparency.note import NoteKey
from msgspec import Struct

from hyperpersonal_registry.log import answers
from hyperpersonal_registry.log.answers import PREFIX, LogPart
from hyperpersonal_registry.trust.reader import Trust

MAGIC = b"HPM/1\n"
SEALED_TYPE = "application/vnd.hyperpersonal.mirror+sha256"
FILE_BYTES_MAX = 1024 * 1024 * 1024
RELEASES_MAX = 2_000
_HEAD = struct.Struct(">6sI")


class Entry(Struct, frozen=True):
    """The log's entry of a publication. `n` from 1; `proof` bottom up."""

    n: int
    data: bytes
    proof: list[bytes]


class MirroredRelease(Struct, frozen=True):
    """One release with all that stands for it."""

    plugin_id: str
    version: str
    digest: str
    envelope: bytes
    artifact: bytes
    published_at: datetime
    entry: Entry


class MirroredKey(Struct, frozen=True):
    """A publisher's key and when it speaks."""

    public: bytes
    namespace: str
    valid_from: datetime
    expires_at: datetime


class Body(Struct, frozen=True):
    """What is in the file. `metadata`: trust metadata by name, the kill list among it; `log`: the
    log's key as text; `checkpoint`: signed by it; `tiles`: (level, number, hashes) of all of it, so
    that any host can see that it only grew."""

    made_at: datetime
    metadata: dict[str, bytes]
    keys: list[MirroredKey]
    releases: list[MirroredRelease]
    log: str
    checkpoint: bytes
    tiles: list[tuple[int, int, bytes]] = []

    @property
    def part(self) -> LogPart:
        """The log, as hosts ask it."""
        entries = [(one.entry.n, one.entry.data) for one in self.releases]
        return LogPart(self.checkpoint, self.tiles, sorted(entries))

    def answer(self, name: str) -> bytes | None:
        """What a mirror answers: metadata, or of the log."""
        return self.part.answer(name) if name.startswith(PREFIX) else self.metadata.get(name)


class Verified(Struct, frozen=True):
    """A file all of which was verified."""

    body: Body
    releases: list[tuple[MirroredRelease, TrustedRelease]]


def write(body: Body, seal: bytes) -> bytes:
    """The file."""
    return _HEAD.pack(MAGIC, len(seal)) + seal + encode(body)


def encode(body: Body) -> bytes:
    """The bytes the seal is over."""
    return msgspec.msgpack.encode(body)


def claim(data: bytes) -> bytes:
    """What is signed of a body: its hash."""
    return msgspec.json.encode({"sha256": hashlib.sha256(data).hexdigest()})


def read(data: bytes) -> tuple[Body, bytes]:
    """Body and seal of a file; nothing is verified yet.

    Raises:
        RefusedError: it is none, or too large.
    """
    if len(data) > FILE_BYTES_MAX:
        raise RefusedError(f"a mirror file has at most {FILE_BYTES_MAX} bytes")
    if len(data) < _HEAD.size or not data.startswith(MAGIC):
        raise RefusedError(f"this is no mirror file: it does not start with {MAGIC!r}")
    start = _HEAD.size + _HEAD.unpack_from(data)[1]
    try:
        return msgspec.msgpack.decode(data[start:], type=Body), data[_HEAD.size : start]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(f"this mirror file cannot be read: {error}") from error


def verify(data: bytes, trust: Trust, now: datetime) -> Verified:
    """All of a file, believed only as far as the pinned root goes. The trust learns its metadata.

    Args:
        data: the file.
        trust: of this host, with its pinned root.
        now: an aware instant.

    Raises:
        RefusedError: it is no mirror file.
        UntrustedError: with the code of what is wrong.
    """
    body, seal = read(data)
    if len(body.releases) > RELEASES_MAX:
        raise RefusedError(f"a mirror file has at most {RELEASES_MAX} releases")
    trust.refresh(body.answer)
    _check_seal(seal, encode(body), trust.keys_of("timestamp"))
    seen = checkpoint.verify(body.checkpoint, trust.log() or NoteKey.parse(body.log))
    return Verified(body, [(one, _release(one, body, trust, seen, now)) for one in body.releases])


def _check_seal(seal: bytes, body: bytes, publics: list[bytes]) -> None:
    envelope = dsse.read(seal, SEALED_TYPE)
    dsse.signers(envelope, publics)
    if envelope.content != claim(body):
        raise UntrustedError("altered", "the file is not the one that was sealed")


def _release(
    one: MirroredRelease,
    body: Body,
    trust: Trust,
    seen: checkpoint.Checkpoint,
    now: datetime,
) -> TrustedRelease:
    if len(one.artifact) > ARCHIVE_BYTES_MAX:
        raise UntrustedError("altered", f"{one.plugin_id} is too large")
    _check_entry(one, seen)
    trust.admit(one.plugin_id, one.version, one.artifact)
    namespace = one.plugin_id.partition("/")[0]
    speak = set(trust.keys_of(namespace))
    keys = [
        TrustedKey(key.public, key.namespace, key.valid_from, key.expires_at)
        for key in body.keys
        if key.namespace == namespace and key.public in speak
    ]
    try:
        trusted = signing.verify(one.envelope, one.artifact, keys, now)
    except ArchiveError as error:
        raise UntrustedError("altered", str(error)) from error
    said = trusted.statement
    if (said.id, said.version, said.digest) != (one.plugin_id, one.version, one.digest):
        raise UntrustedError("wrong_name", f"{one.plugin_id} {one.version} is signed as {said.id}")
    return trusted


def _check_entry(one: MirroredRelease, seen: checkpoint.Checkpoint) -> None:
    """Its publication stands in the log."""
    entry = one.entry
    leaf = merkle.leaf_hash(entry.data)
    merkle.verify_inclusion(leaf, entry.n - 1, seen.size, entry.proof, seen.root)
    if answers.publication(entry.data) != (f"{one.plugin_id}@{one.version}", one.digest):
        raise UntrustedError("bad_proof", f"the log's entry {entry.n} is of something else")
