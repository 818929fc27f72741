"""Signed notes: a text with signature lines under it, and the keys that make and check them.

A log signs its checkpoints so, and witnesses add their cosignatures as further lines.
Source: C2SP signed-note v1.0.0 and tlog-cosignature v1.0.0.
"""

import hashlib
import struct
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from hyperpersonal_sdk.errors import UntrustedError

ED25519 = 0x01
COSIGNATURE = 0x04
NOTE_BYTES_MAX = 64 * 1024
SIGNATURES_MAX = 32
_PREFIX = "\u2014 "
_ID_BYTES, _TIME_BYTES = 4, 8


class NoteKey(Struct, frozen=True):
    """A key by its name: of a log (`kind` ED25519) or of a witness (COSIGNATURE)."""

    name: str
    public: bytes
    kind: int = ED25519

    @property
    def id(self) -> bytes:
        """The four bytes that stand before its signatures."""
        said = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(said).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        """The key as operators write it down: `name+id+base64`."""
        data = b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{data}"

    @classmethod
    def parse(cls, text: str) -> "NoteKey":
        """A key from its text. Raises UntrustedError `bad_key`."""
        name, _, rest = text.partition("+")
        given, _, data = rest.partition("+")
        raw = _base64(data, "bad_key")
        if len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):
            _refuse("bad_key", "a key is `name+id+base64` of an Ed25519 key")
        key = cls(_checked_name(name), raw[1:], raw[0])
        if key.id.hex() != given:
            _refuse("bad_key", f"the id {given!r} is not the one of this key")
        return key


class Note(Struct, frozen=True):
    """A text (it ends with a newline) and its signature lines: (key name, id and signature)."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]

    @property
    def data(self) -> bytes:
        """The note as it is stored and sent."""
        return f"{self.text}\n{''.join(line(*one) for one in self.signatures)}".encode()

    def with_signature(self, name: str, signature: bytes) -> "Note":
        """The same note with one line more."""
        return Note(self.text, (*self.signatures, (name, signature)))


def line(name: str, signature: bytes) -> str:
    """A signature as it stands under the text."""
    return f"{_PREFIX}{name} {b64encode(signature).decode()}\n"


def parse(data: bytes) -> Note:
    """The note these bytes are; nothing is verified yet. Raises UntrustedError `bad_note`."""
    if len(data) > NOTE_BYTES_MAX:
        _refuse("bad_note", f"a note has at most {NOTE_BYTES_MAX} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise UntrustedError("bad_note", f"the note is not UTF-8: {error}") from error
    text, gap, lines = whole.rpartition("\n\n")
    if not gap or not lines.endswith("\n") or any(ord(c) < 32 and c != "\n" for c in whole):
        _refuse("bad_note", "a note is a text, an empty line and signature lines")
    return Note(f"{text}\n", parse_lines(lines))


def parse_lines(lines: str) -> tuple[tuple[str, bytes], ...]:
    """The signatures in some lines, as witnesses answer them. Raises UntrustedError `bad_note`."""
    rows = lines.removesuffix("\n").split("\n")
    if len(rows) > SIGNATURES_MAX:
        _refuse("bad_note", f"a note has at most {SIGNATURES_MAX} signatures")
    return tuple(_signature(row) for row in rows)


def sign(text: str, name: str, key: Ed25519PrivateKey) -> Note:
    """A note of the text, signed by the key under its name."""
    named = NoteKey(_checked_name(name), key.public_key().public_bytes_raw())
    return Note(text, ((name, named.id + key.sign(text.encode())),))


def cosign(note: Note, name: str, key: Ed25519PrivateKey, at_seconds: int) -> Note:
    """The note with a witness's line: it saw this text at `at_seconds` (unix time)."""
    named = NoteKey(_checked_name(name), key.public_key().public_bytes_raw(), COSIGNATURE)
    time = struct.pack(">Q", at_seconds)
    signature = key.sign(_cosigned(note.text, at_seconds))
    return note.with_signature(name, named.id + time + signature)


def signers(note: Note, keys: Iterable[NoteKey]) -> frozenset[str]:
    """The names of those keys that stand for this text. Lines of unknown keys are passed over.

    Raises:
        UntrustedError: `altered_note`: a line claims to be of a known key and is not.
    """
    known = {(key.name, key.id): key for key in keys}
    found = set()
    for name, signature in note.signatures:
        key = known.get((name, signature[:_ID_BYTES]))
        if key is not None:
            _verify(key, signature[_ID_BYTES:], note.text)
            found.add(name)
    return frozenset(found)


def _verify(key: NoteKey, signature: bytes, text: str) -> None:
    said = text.encode()
    if key.kind == COSIGNATURE:
        said = _cosigned(text, int.from_bytes(signature[:_TIME_BYTES], "big"))
        signature = signature[_TIME_BYTES:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, said)
    except InvalidSignature:
        _refuse("altered_note", f"the signature of {key.name} is not of this text")


def _cosigned(text: str, at_seconds: int) -> bytes:
    return f"cosignature/v1\ntime {at_seconds}\n{text}".encode()


def _signature(row: str) -> tuple[str, bytes]:
    name, _, data = row.removeprefix(_PREFIX).partition(" ")
    if not row.startswith(_PREFIX):
        _refuse("bad_note", "a signature line starts with a dash and a space")
    signature = _base64(data, "bad_note")
    if len(signature) <= _ID_BYTES:
        _refuse("bad_note", "a signature is longer than its key's id")
    return _checked_name(name), signature


def _checked_name(name: str) -> str:
    if not name or any(c in " +\n" or not c.isprintable() for c in name):
        _refuse("bad_note", "a key's name has no spaces and no '+'")
    return name


def _base64(text: str, code: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError) as error:
        raise UntrustedError(code, f"not base64: {error}") from error
    if b64encode(data).decode() != text:
        _refuse(code, "not the canonical base64")
    return data


def _refuse(code: str, message: str) -> NoReturn:
    raise UntrustedError(code, message)
