"""The journal of a hook call: every host call numbered, with its request and its answer.

Rules:
1. A run that asks the same things in the same order gets the same answers and does nothing twice.
2. Another request under the same number is `nondeterministic`: a defect of the release, named.
3. A write is intended (saved) before it leaves; without an answer it is done again, same key.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
from hyperpersonal_sdk.contract.outcomes import Failure, HostAnswer
from msgspec import Struct


class Entry(Struct, frozen=True):
    """One host call. `path`: its number, '3'; '3.1' is the first call made on behalf of call 3.

    `request` is the JSON text as the guest sent it, `request_hash` the SHA-256 of name and request.
    `answer` is the JSON text of a HostAnswer as the guest got it (None: intended, answer unknown);
    it must come back byte for byte, so keep it as text. `cost`: meters, by name. `started_at`: unix
    seconds.
    """

    path: str
    name: str
    request: str
    request_hash: bytes
    answer: str | None = None
    write: bool = False
    cost: dict[str, Any] = {}
    started_at: float = 0.0
    elapsed_ms: float = 0.0


class _Answer(Struct, omit_defaults=True):
    value: msgspec.Raw = msgspec.Raw(b"null")
    failure: Failure | None = None


def answer_text(answer: HostAnswer) -> str:
    """A host answer as the journal keeps it. A `bytes` value is JSON text already."""
    if answer.failure is not None:
        return msgspec.json.encode({"failure": answer.failure}).decode()
    value = answer.value
    text = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return '{"value":' + bytes(text).decode() + "}"


def guest_answer(text: str) -> tuple[str, str]:
    """(failure kind or '', JSON value or message) of a kept answer, as the guest gets it."""
    answer = msgspec.json.decode(text, type=_Answer)
    if answer.failure is not None:
        return answer.failure.kind.value, answer.failure.message
    return "", bytes(answer.value).decode()


def request_hash(name: str, request: str) -> bytes:
    """SHA-256 of the name, a zero byte and the request's text."""
    return hashlib.sha256(f"{name}\0{request}".encode()).digest()


def _chars(entry: Entry) -> int:
    return len(entry.request) + len(entry.answer or "")


class NondeterministicError(Exception):
    """The run asked something else than the journal holds under this number."""


class Journal:
    """The entries of one hook call, over all its runs. `prefix`: '' for an agent, '3' for a
    connector that serves call 3."""

    def __init__(self, prefix: str = "", recorded: Iterable[Entry] = ()) -> None:
        self._prefix = f"{prefix}." if prefix else ""
        self._entries: dict[str, Entry] = {}
        for entry in recorded:
            if self._is_mine(entry.path):
                self._entries[entry.path] = entry
        self._number = 0
        self.chars = sum(map(_chars, self._entries.values()))

    def rewind(self) -> None:
        """Start of a run: the next call is number 1 again."""
        self._number = 0

    def next(self, name: str, request: str) -> tuple[str, Entry | None]:
        """The path of the run's next call, and what is known of it.

        Raises:
            NondeterministicError: another call stands under this number.
        """
        self._number += 1
        path = f"{self._prefix}{self._number}"
        known = self._entries.get(path)
        if known and (known.name != name or known.request_hash != request_hash(name, request)):
            raise NondeterministicError(
                f"call {path} was {known.name} {known.request[:200]} in an earlier run, "
                f"now it is {name} {request[:200]}"
            )
        return path, known

    def put(self, entry: Entry) -> Entry:
        """Add an entry, or replace it once its answer is known."""
        known = self._entries.get(entry.path)
        self.chars += _chars(entry) - (_chars(known) if known else 0)
        self._entries[entry.path] = entry
        return entry

    def answered(self, entry: Entry, answer: str, elapsed_ms: float) -> Entry:
        """Put the answer of a call."""
        return self.put(msgspec.structs.replace(entry, answer=answer, elapsed_ms=elapsed_ms))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries in call order."""
        return tuple(self._entries.values())

    def _is_mine(self, path: str) -> bool:
        return path.startswith(self._prefix) and path[len(self._prefix) :].isdigit()
