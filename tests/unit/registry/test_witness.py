"""A witness: what it signs, what it answers otherwise, and that it never signs two histories."""

import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes.logs import LOG_SIGNER, MemoryLog
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.witness import request
from hyperpersonal_registry.witness.cosigner import NotCosignedError, Witness
from hyperpersonal_registry.witness.state import State, Step
from hyperpersonal_sdk.transparency import checkpoint, note
from hyperpersonal_sdk.transparency.checkpoint import Checkpoint
from hyperpersonal_sdk.transparency.note import Note
from hypothesis import given, settings
from hypothesis import strategies as st

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KILLS = int(os.environ.get("HP_WITNESS_KILLS", "6"))
SIZE = 8
FORKED = get_context("fork")
A = MemoryLog([str(n) for n in range(40)])
B = MemoryLog([*(str(n) for n in range(20)), *(f"other {n}" for n in range(20))])


def witness(folder: Path) -> Witness:
    path = folder / "state.sqlite"
    state = State(path) if path.exists() else State.make(path)
    return Witness("witness.example/1", KEY, [LOG_SIGNER.public], state, lambda: 1_790_000_000)


def ask(log: MemoryLog, old: int, new: int, signer: Signer = LOG_SIGNER) -> bytes:
    proof = log.consistency(old, new) if 0 < old <= new else []
    return request.write(old, proof, log.checkpoint(new, signer))


def refused(asked: Witness, body: bytes) -> tuple[int, int | None]:
    with pytest.raises(NotCosignedError) as error:
        asked.add_checkpoint(body)
    return error.value.status, error.value.size


def test_that_it_signs_what_continues_what_it_saw(tmp_path: Path) -> None:
    made = witness(tmp_path)
    for old, new in ((0, 5), (5, 5), (5, 32), (32, 40)):
        line = made.add_checkpoint(ask(A, old, new)).decode()
        signed = note.parse(A.checkpoint(new))
        whole = Note(signed.text, (*signed.signatures, *note.parse_lines(line)))
        watched = checkpoint.Witnesses((made.public,), 1)
        assert checkpoint.verify(whole.data, LOG_SIGNER.public, watched).size == new
    assert refused(witness(tmp_path), ask(A, 0, 40)) == (409, 40), "the next process knows"


def test_that_it_says_why_it_does_not_sign(tmp_path: Path) -> None:
    made, stranger = witness(tmp_path), Ed25519PrivateKey.from_private_bytes(bytes(32))
    made.add_checkpoint(ask(A, 0, 10))
    other = Signer("log.example/other", stranger)
    forged = Signer(LOG_SIGNER.name, stranger)
    assert refused(made, ask(A, 10, 12, other)) == (404, None)
    assert refused(made, ask(A, 10, 12, forged)) == (403, None)
    assert refused(made, ask(A, 9, 12)) == (409, 10)
    assert refused(made, ask(A, 12, 12)) == (409, 10)
    assert refused(made, ask(A, 12, 11)) == (400, None)
    assert refused(made, ask(A, 10, 9)) == (400, None), "a log that was rewound"
    good = A.consistency(10, 30)
    for proof in ([], good[:-1], [*good, bytes(32)], [bytes(32), *good[1:]]):
        body = request.write(10, proof, A.checkpoint(30))
        assert refused(made, body) == (422, None), proof
    for body in (
        b"", b"old 10\n", b"old x\n\n" + A.checkpoint(30), b"old 010\n\n" + A.checkpoint(30),
        b"old 10\n????\n\n" + A.checkpoint(30), b"old 10\nAAAA\n\n" + A.checkpoint(30),
        b"old 10\n\nno note", b"old 10\n" + b"A" * 43 + b"=\n" * 70 + b"\n" + A.checkpoint(30),
        b"old -1\n\n" + A.checkpoint(30), b"\xff" * 200_000,
    ):  # fmt: skip
        assert refused(made, body) == (400, None), body[:40]
    altered = A.checkpoint(30).replace(b"\n30\n", b"\n31\n")
    assert refused(made, request.write(10, good, altered))[0] == 403
    made.add_checkpoint(ask(A, 10, 30))


def test_that_a_fork_is_signed_by_nobody(tmp_path: Path) -> None:
    made = witness(tmp_path)
    made.add_checkpoint(ask(A, 0, 30))
    assert refused(made, ask(B, 30, 30)) == (409, 30)
    assert refused(made, ask(B, 30, 40)) == (422, None)
    assert refused(made, request.write(30, A.consistency(30, 40), B.checkpoint(40))) == (422, None)
    assert refused(made, ask(B, 0, 40)) == (409, 30)


def test_that_nothing_is_a_log_with_one_root(tmp_path: Path) -> None:
    made = witness(tmp_path)
    lie = checkpoint.Checkpoint(LOG_SIGNER.name, 0, bytes(32)).text
    signed = note.sign(lie, LOG_SIGNER.name, LOG_SIGNER.key).data
    assert refused(made, request.write(0, [], signed)) == (422, None)
    made.add_checkpoint(request.write(0, [], A.checkpoint(0)))


def test_that_a_witness_whose_memory_is_gone_does_not_sign(tmp_path: Path) -> None:
    witness(tmp_path)
    (tmp_path / "state.sqlite").unlink()
    with pytest.raises(FileNotFoundError, match="make a new witness"):
        State(tmp_path / "state.sqlite")


def check_one_history(signed: Sequence[tuple[MemoryLog, int]]) -> None:
    """Of any two checkpoints the smaller is the larger one's beginning."""
    for (one, small), (other, big) in combinations(sorted(signed, key=lambda s: s[1]), 2):
        assert other.leaves[:small] == one.leaves[:small], (small, big)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_that_no_honest_witness_signs_two_histories(data: st.DataObject) -> None:
    """Whatever forks there are, whatever is asked, with whatever proofs, of two processes at one
    state."""
    common = data.draw(st.integers(0, 12))
    logs = [
        MemoryLog([*map(str, range(common)), *(f"{name} {n}" for n in range(14 - common))])
        for name in "xyz"
    ]
    signed: list[tuple[MemoryLog, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        both = [witness(Path(folder)), witness(Path(folder))]
        for _ in range(data.draw(st.integers(2, 12))):
            log, asked = data.draw(st.sampled_from(logs)), data.draw(st.sampled_from(both))
            new = data.draw(st.integers(0, 14))
            seen = State(Path(folder) / "state.sqlite").newest(LOG_SIGNER.name)
            old = data.draw(
                st.sampled_from([seen.size if seen else 0, data.draw(st.integers(0, 14))])
            )
            proven = data.draw(st.sampled_from([log, *logs]))
            proof = proven.consistency(old, new) if 0 < old <= new else []
            try:
                asked.add_checkpoint(request.write(old, proof, log.checkpoint(new)))
            except NotCosignedError:
                continue
            signed.append((log, new))
    check_one_history(signed)


def test_that_many_at_once_are_one_witness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes on one state ask for two histories at the same time."""
    # A slow disk is no fault of theirs.
    monkeypatch.setattr("hyperpersonal_registry.witness.state.WAIT_SECONDS_MAX", 60.0)
    witness(tmp_path)
    runs = [_run(tmp_path, name, "none") for name in "ABABAB"]
    assert [_ended(run) for run in runs] == [0] * 6
    assert len(_histories(tmp_path)) == 1


@pytest.mark.parametrize("point", ["begun", "read", "written", "committed", "answered"])
def test_that_a_witness_killed_between_states_signs_one_history(tmp_path: Path, point: str) -> None:
    """The process ends at each point of its work; what left it is one history."""
    witness(tmp_path)
    killed = 0
    for name in ("AB" * KILLS)[:KILLS]:
        killed += _ended(_run(tmp_path, name, point)) == -signal.SIGKILL
    for name in "AB":
        assert _ended(_run(tmp_path, name, "none")) == 0
    assert killed, "the blade fell"
    assert len(_histories(tmp_path)) == 1, "it goes on after it was killed, with one history"


class MortalStep:
    """A step of a process that is killed at a named point."""

    def __init__(self, step: Step, point: str) -> None:
        self._step, self._point = step, point
        _reached("begun", point)

    def newest(self) -> Checkpoint | None:
        found = self._step.newest()
        _reached("read", self._point)
        return found

    def write(self, seen: Checkpoint) -> None:
        self._step.write(seen)
        _reached("written", self._point)


class MortalState(State):
    """A state whose process is killed at a named point."""

    point = "none"

    @contextmanager
    def step(self, origin: str) -> Iterator[Step]:
        with super().step(origin) as step:
            yield MortalStep(step, self.point)  # type: ignore[misc]
        _reached("committed", self.point)


def _reached(point: str, wanted: str) -> None:
    if point == wanted:
        os.kill(os.getpid(), signal.SIGKILL)


def _asks(folder: Path, name: str, point: str) -> None:
    """A process that asks for one history, size by size; what was answered goes to a file."""
    log = MemoryLog([f"{name} {n}" for n in range(SIZE)])
    state = MortalState(folder / "state.sqlite")
    state.point = point
    made = Witness("witness.example/1", KEY, [LOG_SIGNER.public], state, lambda: 1)
    seen = state.newest(LOG_SIGNER.name)
    old = seen.size if seen else 0
    for new in range(max(old, 1), SIZE + 1):
        proof = log.consistency(old, new) if old else []
        try:
            made.add_checkpoint(request.write(old, proof, log.checkpoint(new)))
        except NotCosignedError:
            return
        with (folder / "answers").open("a") as file:
            file.write(name)
        _reached("answered", point)
        old = new


def _run(folder: Path, name: str, point: str) -> ForkProcess:
    made = FORKED.Process(target=_asks, args=(folder, name, point))
    made.start()
    return made


def _ended(run: ForkProcess) -> int | None:
    run.join(60)
    return run.exitcode


def _histories(folder: Path) -> set[str]:
    return set((folder / "answers").read_text())
