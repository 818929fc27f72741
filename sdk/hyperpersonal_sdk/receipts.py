"""Receipts: what a tenant is billed for, call by call, so that nobody has to be believed.

A receipt says which release served which call of which turn and what it used; it carries its number
in the tenant's chain, the hash of the receipt before it, and the host's signature (Ed25519, RFC
8032). An export is one receipt a line, then one signed line that says where it ends. `verify` needs
only the file and the host's public keys, and finds every dropped, doubled, altered, reordered or
foreign receipt.
"""

import hashlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

FIRST = "0" * 64
LINE_BYTES_MAX, FAULTS_MAX = 64 * 1024, 100
RECEIPT, END = b"hyperpersonal receipt v1\n", b"hyperpersonal receipts end v1\n"


class Receipt(Struct, frozen=True, forbid_unknown_fields=True):
    """One billable call. `number` counts from 1 in the tenant's chain; `before` is the hash of the
    receipt before it; `turn` and `path` name the call, `call` is `call_hash` of what went in and
    came out; `units` are meters by name; `at`: unix milliseconds; `key`: who signed."""

    tenant: str
    number: int
    before: str
    at: int
    plugin: str
    release: str
    turn: str
    path: str
    hook: str
    outcome: str
    call: str
    units: dict[str, int]
    key: str


class End(Struct, frozen=True, forbid_unknown_fields=True):
    """An export holds `first` to `last`, whose hash is `hash`; `at`: when that was all."""

    tenant: str
    first: int
    last: int
    hash: str
    at: int
    key: str


class Line(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A line of an export: the signed bytes as they were signed."""

    signature: str
    receipt: msgspec.Raw = msgspec.Raw(b"null")
    end: msgspec.Raw = msgspec.Raw(b"null")


class Fault(Struct, frozen=True):
    """What is wrong where. `kind`: unreadable, altered, unknown_key, foreign, dropped, doubled,
    reordered, billed_twice, broken_chain, no_end, wrong_end."""

    line: int
    kind: str
    words: str


class Report(Struct):
    """What a verifier found. `units` are summed by release. Right if there are no faults."""

    tenant: str = ""
    first: int = 0
    last: int = 0
    count: int = 0
    hash: str = FIRST
    ended_at: int = 0
    units: dict[str, Counter[str]] = {}
    faults: list[Fault] = []


def call_hash(hook: str, payload: str, outcome: str, value: str) -> str:
    """What a call was: its hook, the JSON that went in, how it ended and the JSON that came out."""
    return hash_of(msgspec.json.encode([hook, payload, outcome, value]))


def hash_of(text: bytes) -> str:
    """What the next receipt carries of this one is the hash of its bytes as they were signed."""
    return hashlib.sha256(text).hexdigest()


def verify(lines: Iterable[bytes], keys: Mapping[str, bytes], tenant: str = "") -> Report:
    """Read an export once, in constant memory but for 16 bytes a receipt.

    Args:
        lines: of the file, in order.
        keys: the host's public keys (32 bytes) by id, from wherever the reader trusts.
        tenant: whose chain it must be; empty takes that of the first receipt.
    """
    return _Verifier(keys, tenant).read(lines)


class _Verifier:
    def __init__(self, keys: Mapping[str, bytes], tenant: str) -> None:
        self._keys = {name: Ed25519PublicKey.from_public_bytes(raw) for name, raw in keys.items()}
        self._report = Report(tenant, units={}, faults=[])
        self._seen: set[bytes] = set()
        self._ended = False
        self._at = 0

    def read(self, lines: Iterable[bytes]) -> Report:
        for self._at, line in enumerate(lines, 1):
            try:
                self._line(line)
            except (msgspec.MsgspecError, ValueError) as error:
                self._fault("unreadable", str(error)[:200])
            if len(self._report.faults) >= FAULTS_MAX:
                return self._report
        if not self._ended:
            self._fault("no_end", "the file does not say where it ends: it may have been cut")
        return self._report

    def _line(self, text: bytes) -> None:
        if len(text) > LINE_BYTES_MAX:
            raise ValueError("too long a line")
        line = msgspec.json.decode(text, type=Line)
        if self._ended:
            self._fault("wrong_end", "there is more after the end")
        elif bytes(line.end) != b"null":
            self._end(bytes(line.end), line.signature)
        else:
            self._receipt(bytes(line.receipt), line.signature)

    def _receipt(self, body: bytes, signature: str) -> None:
        receipt = msgspec.json.decode(body, type=Receipt)
        if not self._is_signed(receipt.key, RECEIPT + body, signature):
            return
        if receipt.tenant != (self._report.tenant or receipt.tenant):
            self._fault("foreign", f"number {receipt.number} is tenant {receipt.tenant}'s")
            return
        self._place(receipt)
        self._bill(receipt)
        report = self._report
        report.tenant, report.count = receipt.tenant, report.count + 1
        report.first = report.first or receipt.number
        report.last, report.hash = receipt.number, hash_of(body)

    def _place(self, receipt: Receipt) -> None:
        """Its number follows, and it continues the very receipt before it."""
        last, number = self._report.last, receipt.number
        if self._report.count and number > last + 1:
            self._fault("dropped", f"{last + 1} to {number - 1} are missing")
        elif self._report.count and number <= last:
            kind = "doubled" if number == last else "reordered"
            self._fault(kind, f"number {number} comes after {last}")
        elif receipt.before != (self._report.hash if self._report.count else receipt.before):
            self._fault("broken_chain", f"number {number} continues another receipt than {last}")
        elif number == 1 and receipt.before != FIRST:
            self._fault("broken_chain", "the first receipt continues another one")

    def _bill(self, receipt: Receipt) -> None:
        name = hashlib.sha256(f"{receipt.turn} {receipt.path}".encode()).digest()[:16]
        if name in self._seen:
            self._fault("billed_twice", f"call {receipt.path!r} of turn {receipt.turn}")
        self._seen.add(name)
        self._report.units.setdefault(receipt.release, Counter()).update(receipt.units)

    def _end(self, body: bytes, signature: str) -> None:
        end, report = msgspec.json.decode(body, type=End), self._report
        if not self._is_signed(end.key, END + body, signature):
            return
        self._ended, report.ended_at = True, end.at
        said = (end.tenant, end.first, end.last, end.hash)
        if report.count == 0:
            found = (report.tenant or end.tenant, end.last + 1, end.last, end.hash)
        else:
            found = (report.tenant, report.first, report.last, report.hash)
        if said != found:
            self._fault("wrong_end", f"it should be {end.first} to {end.last}")

    def _is_signed(self, key_id: str, signed: bytes, signature: str) -> bool:
        key = self._keys.get(key_id)
        if key is None:
            self._fault("unknown_key", f"signed by {key_id[:16]}, no key of this host")
            return False
        try:
            raw = b64decode(signature, validate=True)
            key.verify(raw if b64encode(raw).decode() == signature else b"", signed)
        except (InvalidSignature, ValueError):
            self._fault("altered", "the signature is not of these bytes")
            return False
        return True

    def _fault(self, kind: str, words: str) -> None:
        self._report.faults.append(Fault(self._at, kind, words))
