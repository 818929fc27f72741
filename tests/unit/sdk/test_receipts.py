"""The verifier finds whatever was done to an export, and finds nothing where nothing was."""

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.receipts.signing import sign_end, sign_receipt
from hyperpersonal_sdk import receipts
from hyperpersonal_sdk.receipts import FIRST, End, Receipt, call_hash, verify
from hypothesis import given
from hypothesis import strategies as st

KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
KEYS = {"k1": KEY.public_key().public_bytes_raw()}
STRANGER = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)


def receipt(number: int, before: str, tenant: int = 1, path: str = "") -> Receipt:
    units = {"calls": 1, "guest_cpu_us": number * 7}
    return Receipt(
        str(UUID(int=tenant)), number, before, 1_700_000_000_000 + number, "acme/x@1.0.0",
        "sha256:aa" if number % 2 else "sha256:bb", str(UUID(int=number)), path, "reply", "ok",
        call_hash("reply", "{}", "ok", '{"text":"hi"}'), units, "k1",
    )  # fmt: skip


@cache
def chain(count: int, tenant: int = 1, first: int = 1) -> tuple[bytes, ...]:
    """An export: `count` receipts and its end. One that begins later continues the whole chain."""
    lines, head = [], FIRST
    for number in range(1, first + count):
        line, head = sign_receipt(receipt(number, head, tenant), KEY)
        lines.append(line)
    end = End(str(UUID(int=tenant)), first, first + count - 1, head, 1_800_000_000_000, "k1")
    return (*lines[first - 1 :], sign_end(end, KEY))


def kinds(lines: list[bytes] | tuple[bytes, ...], tenant: str = "") -> set[str]:
    return {fault.kind for fault in verify(lines, KEYS, tenant).faults}


@pytest.mark.parametrize(("count", "first"), [(0, 1), (1, 1), (7, 1), (5, 4)])
def test_that_an_untouched_export_is_right(count: int, first: int) -> None:
    report = verify([line + b"\n" for line in chain(count, first=first)], KEYS)
    assert report.faults == []
    assert report.count == count
    if count:
        assert (report.first, report.last) == (first, first + count - 1)
        assert sum(units["calls"] for units in report.units.values()) == count


Change = Callable[[list[bytes], int, int], list[bytes]]


def _swap(lines: list[bytes], at: int, to: int) -> list[bytes]:
    lines[at], lines[to] = lines[to], lines[at]
    return lines


CHANGES: dict[str, Change] = {
    "dropped": lambda lines, at, _: lines[:at] + lines[at + 1 :],
    "doubled": lambda lines, at, _: lines[: at + 1] + lines[at:],
    "moved": _swap,
    "cut": lambda lines, at, _: lines[:at],
    "foreign": lambda lines, at, to: [*lines[:at], chain(9, tenant=2)[to % 9], *lines[at:]],
    "another's end": lambda lines, _at, to: [*lines[:-1], chain(to % 9, tenant=1)[-1]],
    "a stranger's": lambda lines, at, _: [
        *lines[:at], sign_receipt(receipt(at + 1, FIRST), STRANGER)[0], *lines[at + 1 :],
    ],
    "an empty line": lambda lines, at, _: [*lines[:at], b"\n", *lines[at:]],
}  # fmt: skip


@given(st.sampled_from(sorted(CHANGES)), st.integers(0, 9), st.integers(0, 9))
def test_that_every_change_is_found(change: str, at: int, to: int) -> None:
    before = list(chain(9))
    after = CHANGES[change](list(before), at, to)
    if after != before:
        assert verify(after, KEYS, str(UUID(int=1))).faults, change


@given(st.integers(0, 9), st.data())
def test_that_every_altered_byte_is_found(at: int, data: st.DataObject) -> None:
    lines = list(chain(9))
    line = bytearray(lines[at])
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= data.draw(st.integers(1, 255))
    lines[at] = bytes(line)
    assert kinds(lines), (at, place)


def test_that_faults_are_named() -> None:
    whole = list(chain(5))
    for lines, found in (
        (whole[:1] + whole[2:], "dropped"),
        ([*whole[:2], *whole[1:]], "doubled"),
        (_swap(list(whole), 1, 3), "reordered"),
        (whole[:-1], "no_end"),
        ([*whole[:4], whole[-1]], "wrong_end"),
        ([whole[0].replace(b'"ok"', b'"no"'), *whole[1:]], "altered"),
        ([*whole, whole[0]], "wrong_end"),
        ([b"{}", *whole], "unreadable"),
        ([b"x" * 100_000, *whole], "unreadable"),
    ):
        assert found in kinds(lines), found
    assert kinds(chain(5, tenant=2), str(UUID(int=1))) >= {"foreign"}
    assert {f.kind for f in verify(whole, {"other": KEYS["k1"]}).faults} >= {"unknown_key"}


def test_that_a_host_that_bills_a_call_twice_is_found() -> None:
    """The host's own signatures are right; what it says is not."""
    one, head = sign_receipt(receipt(1, FIRST), KEY)
    again = msgspec.structs.replace(receipt(2, head), turn=str(UUID(int=1)))
    two, head = sign_receipt(again, KEY)
    end = sign_end(End(again.tenant, 1, 2, head, 1, "k1"), KEY)
    assert kinds([one, two, end]) == {"billed_twice"}


def test_that_a_host_that_forks_its_chain_is_found() -> None:
    one, _ = sign_receipt(receipt(1, FIRST), KEY)
    two, head = sign_receipt(receipt(2, "f" * 64), KEY)
    end = sign_end(End(str(UUID(int=1)), 1, 2, head, 1, "k1"), KEY)
    assert kinds([one, two, end]) == {"broken_chain"}


def test_that_faults_are_bounded() -> None:
    assert len(verify([b"?"] * 10_000, KEYS).faults) == receipts.FAULTS_MAX


def test_that_the_verifier_is_small() -> None:
    assert Path(receipts.__file__).read_text().count("\n") <= 200


def test_that_many_are_verified_in_time() -> None:
    """HP_RECEIPTS=1000000 is the whole measure; what is asserted holds for any count."""
    count = int(os.environ.get("HP_RECEIPTS", "2000"))
    lines = chain(count)
    started = time.process_time()
    report = verify(lines, KEYS)
    seconds = time.process_time() - started
    print(f"{count} receipts: {seconds:.2f} s CPU, {seconds / count * 1e6:.0f} us each")
    assert (report.faults, report.count) == ([], count)
    assert seconds / count < 0.002
