r"""What a host has seen of the registry's log, kept on its disk, and asked offline at every load.

    checkpoint                  the newest one seen; whatever follows must continue it
    split-view/<size>-<root>    two checkpoints that do not continue each other, for people
    <rule>/<name>.tlog-proof    a release's publication, proven (C2SP tlog-proof)
    <rule>/<namespace>.newest   up to which entry its publications were asked for
    <rule>/missing              releases of the newest metadata that are proven nowhere yet

A rule is the log's key and whose cosignatures are wanted: under another one nothing of it counts.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import msgspec
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency import checkpoint, note, proof
from hyperpersonal_sdk.transparency.checkpoint import Checkpoint, Witnesses
from hyperpersonal_sdk.transparency.note import NoteKey
from hyperpersonal_sdk.transparency.proof import LogProof

from hyperpersonal_registry.log import answers
from hyperpersonal_registry.log.answers import Growth, Page, Proven
from hyperpersonal_registry.trust.namespaces import release_path

Ask = Callable[[str], bytes | None]
PAGES_MAX = 10_000
EVIDENCE_MAX = 16
HELD_MAX = 64
NEWEST = "checkpoint"
SPLIT_VIEW = "split-view"


class SeenLog:
    """One host's view of one log. The caller lets one process at a time `take`.

    Args:
        folder: where it is kept.
        witnesses: whose cosignatures this host's operator wants, and how many of them.
    """

    def __init__(self, folder: Path, witnesses: Witnesses) -> None:
        self._folder = folder
        self._witnesses = witnesses
        self._held: dict[tuple[NoteKey, bytes], Checkpoint] = {}

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint seen; None before the first."""
        kept = _read(self._folder / NEWEST)
        return None if kept is None else checkpoint.parse(note.parse(kept).text)

    def take(self, log: NoteKey, releases: Mapping[str, set[str]], ask: Ask) -> bool:
        """Follow the log, and prove the releases that are new; whether any was proven.

        Args:
            log: its key, by the root's word.
            releases: of each namespace the target paths its publisher signed.
            ask: a mirror.

        Raises:
            UntrustedError: split_view, rollback, unwitnessed, unlogged, or what a proof lacks.
        """
        rule = self._rule(log)
        wanted = {name: {path for path in paths if not self._of(rule, path).exists()}
                  for name, paths in releases.items()}  # fmt: skip
        missing = {name: paths for name, paths in wanted.items() if paths}
        _write(rule / "missing", msgspec.json.encode({n: sorted(p) for n, p in missing.items()}))
        return self.catch_up(log, ask)

    def catch_up(self, log: NoteKey, ask: Ask) -> bool:
        """The same for what is still missing; raises as `take`."""
        rule = self._rule(log)
        signed = self._follow(log, ask)
        missing = self.missing(log) or {}
        if signed is None or not missing:
            if missing:
                _refuse("unlogged", "the registry shows no checkpoint of its log yet")
            return False
        left = {name: self._prove(rule, name, paths, (signed, ask))
                for name, paths in sorted(missing.items())}  # fmt: skip
        _write(rule / "missing", msgspec.json.encode({n: sorted(p) for n, p in left.items() if p}))
        return left != missing

    def missing(self, log: NoteKey) -> dict[str, set[str]] | None:
        """What is proven nowhere yet; None: under this rule nothing was taken so far."""
        kept = _read(self._rule(log) / "missing")
        return None if kept is None else msgspec.json.decode(kept, type=dict[str, set[str]])

    def check(self, log: NoteKey, release: tuple[str, str], digest: str) -> None:
        """Whether the log holds the publication of a release (plugin id, version) with this digest.

        Raises:
            UntrustedError: `unlogged`; or the proof here is not good.
        """
        path = release_path(*release)
        kept = _read(self._of(self._rule(log), path))
        if kept is None:
            said = "as far as this host has seen it: see trust.not_refreshed among what it logs"
            _refuse("unlogged", f"{path} is nowhere in the registry's log, {said}")
        found = proof.parse(kept)
        found.verify_in(self._verified(log, found.checkpoint))
        if _published_in(found.entry) != (path, digest):
            _refuse("unlogged", f"{path}: the log has other bytes of it than these")

    def _verified(self, log: NoteKey, data: bytes) -> Checkpoint:
        """A checkpoint that log and witnesses stand for; verified once, as many releases share
        it and signatures do not expire."""
        if (log, data) not in self._held:
            if len(self._held) >= HELD_MAX:
                self._held.clear()
            self._held[log, data] = checkpoint.verify(data, log, self._witnesses)
        return self._held[log, data]

    def _follow(self, log: NoteKey, ask: Ask) -> bytes | None:
        """The newest checkpoint, if it continues what was seen before; None: there is none."""
        data = ask(f"log/checkpoint/{self._witnesses.needed}")
        if data is None:
            return None
        found, seen = checkpoint.verify(data, log, self._witnesses), self.newest()
        if seen is not None:
            self._check_growth((seen, found), data, ask)
        _write(self._folder / NEWEST, data)
        return data

    def _check_growth(self, grown: tuple[Checkpoint, Checkpoint], data: bytes, ask: Ask) -> None:
        old, new = grown
        if new.size < old.size or old.origin != new.origin:
            checkpoint.verify_growth(old, new, [])  # says what is wrong with it
        hashes: list[bytes] = []
        if 0 < old.size < new.size:
            hashes = answers.read(ask(f"log/growth/{old.size}/{new.size}"), Growth).hashes
        try:
            checkpoint.verify_growth(old, new, hashes)
        except UntrustedError as error:
            where = self._keep_evidence(new, data)
            what = (
                f"the log of {new.size} entries does not continue the one of {old.size} seen here"
            )
            said = f"{what}; both checkpoints are in {where}, show them to the registry's people"
            raise UntrustedError("split_view", said) from error

    def _keep_evidence(self, new: Checkpoint, data: bytes) -> Path:
        """Both checkpoints, signed; of so many at most."""
        folder = self._folder / SPLIT_VIEW
        where = folder / f"{new.size}-{new.root.hex()[:16]}"
        if not folder.exists() or len(list(folder.iterdir())) < EVIDENCE_MAX:
            _write(where / "seen", (self._folder / NEWEST).read_bytes())
            _write(where / "shown", data)
        return where

    def _prove(
        self, rule: Path, namespace: str, missing: set[str], shown: tuple[bytes, Ask]
    ) -> set[str]:
        """Ask for what a namespace published since the last time, else from the beginning; what is
        still missing then."""
        signed, ask = shown
        newest = rule / f"{namespace}.newest"
        since, left = int(_read(newest) or b"0"), set(missing)
        for start in dict.fromkeys((since, 0)):
            for one in self._published(namespace, start, signed, ask) if left else ():
                path = self._keep(rule, one, signed, left)
                since = max(since, one.n)
                left.discard(path)
        _write(newest, str(since).encode())
        return left

    def _published(self, namespace: str, after: int, signed: bytes, ask: Ask) -> Iterator[Proven]:
        """A namespace's publications after an entry, page by page."""
        size = checkpoint.parse(note.parse(signed).text).size
        for _ in range(PAGES_MAX):
            items = answers.read(ask(f"log/proofs/{size}/{namespace}/{after}"), Page).items
            for one in items:
                if one.n <= after:
                    _refuse("bad_proof", f"entry {one.n} of the log is shown out of order")
                after = one.n
                yield one
            if not items:
                return

    def _keep(self, rule: Path, one: Proven, signed: bytes, wanted: set[str]) -> str:
        """Keep an entry that is proven and asked for; its release's path. Raises `bad_proof`."""
        made = LogProof(one.data, one.n - 1, tuple(one.hashes), signed)
        made.verify_in(checkpoint.parse(note.parse(signed).text))
        path, _ = _published_in(one.data)
        if path in wanted:
            _write(self._of(rule, path), made.data)
        return path

    def _rule(self, log: NoteKey) -> Path:
        wanted = [log.text, str(self._witnesses.needed)]
        said = "\n".join([*wanted, *sorted(key.text for key in self._witnesses.keys)])
        return self._folder / hashlib.sha256(said.encode()).hexdigest()[:16]

    def _of(self, rule: Path, path: str) -> Path:
        """The name is hashed: publishers choose it."""
        return rule / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.tlog-proof"


def _published_in(entry: bytes) -> tuple[str, str]:
    """Target path and digest of the publication an entry is of; empty for another entry."""
    name, digest = answers.publication(entry)
    plugin_id, _, version = name.partition("@")
    return (release_path(plugin_id, version), digest) if name else ("", "")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, whenever this process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def _refuse(code: str, message: str) -> NoReturn:
    raise UntrustedError(code, message)
