"""What a host has seen of the log: it only grows, each release is proven, a fork is refused."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_registry.journal import Entry
from hyperpersonal_registry.log import tree
from hyperpersonal_registry.log.answers import Growth, LogPart, Page
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.log.tiles import TileId
from hyperpersonal_registry.trust.seen_log import SeenLog
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency import checkpoint, merkle, note, proof
from hyperpersonal_sdk.transparency.checkpoint import Witnesses
from hyperpersonal_sdk.transparency.note import COSIGNATURE, NoteKey
from hypothesis import given, settings
from hypothesis import strategies as st

SIGNER = Signer("log.example/registry", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
LOG = SIGNER.public
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
WATCHED = NoteKey("witness.example", WITNESS.public_key().public_bytes_raw(), COSIGNATURE)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def digest(name: str) -> str:
    return "sha256:" + merkle.leaf_hash(name.encode()).hex()


def entry(n: int, subject: str) -> Entry:
    """A publication where the subject is a release, else something else that happened."""
    kind = "release.published" if "@" in subject else "namespace.created"
    return Entry(n, NOW, kind, subject, {"digest": digest(subject)})


def path(subject: str) -> str:
    return f"{subject}.hpx"


class Log:
    """A registry's log in memory, which answers as a mirror does."""

    def __init__(self, subjects: Sequence[str], *, cosigned: bool = False) -> None:
        self.entries = [entry(n, subject) for n, subject in enumerate(subjects, 1)]
        leaves = [merkle.leaf_hash(one.data) for one in self.entries]

        async def nothing(_: TileId) -> bytes:
            return b""

        tiles = asyncio.run(tree.grown(nothing, 0, leaves))

        async def read(tile: TileId) -> bytes:
            return tiles.get(tile, b"")

        root = asyncio.run(tree.root(read, len(leaves)))
        signed = note.parse(SIGNER.sign(len(leaves), root))
        if cosigned:
            signed = note.cosign(signed, WATCHED.name, WITNESS, 1_790_000_000)
        rows = [(one.level, one.number, hashes) for one, hashes in tiles.items()]
        self.part = LogPart(signed.data, rows, [(one.n, one.data) for one in self.entries])

    @property
    def releases(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in self.entries:
            if "@" in one.subject:
                found.setdefault(one.subject.partition("/")[0], set()).add(path(one.subject))
        return found

    def changed(self, kind: str, change: Callable[[bytes], bytes | None]) -> "Asked":
        """The same log behind somebody who changes its answers of one kind."""

        def ask(name: str) -> bytes | None:
            found = self.part.answer(name)
            return change(found) if found is not None and name.startswith(f"log/{kind}") else found

        return ask


Asked = Callable[[str], bytes | None]
FEW = ["acme", "acme/hello@1.0.0", "bolt", "bolt/fast@2.0.0", "acme/hello@1.0.1"]


def seen(folder: Path, needed: int = 0) -> SeenLog:
    return SeenLog(folder, Witnesses((WATCHED,) if needed else (), needed))


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(UntrustedError) as error:
        work()
    return error.value.code


def check(host: SeenLog, subject: str, said: str = "") -> None:
    plugin_id, _, version = subject.partition("@")
    host.check(LOG, (plugin_id, version), said or digest(subject))


def test_that_every_release_is_proven_offline_after_one_look(tmp_path: Path) -> None:
    log, host = Log(FEW), seen(tmp_path)
    assert host.take(LOG, log.releases, log.part.answer)
    later = seen(tmp_path)  # the next process, without any mirror
    for subject in ("acme/hello@1.0.0", "acme/hello@1.0.1", "bolt/fast@2.0.0"):
        check(later, subject)
        assert refused(lambda s=subject: check(later, s, digest("other"))) == "unlogged"
    assert refused(lambda: check(later, "acme/hello@9.9.9")) == "unlogged"
    assert not host.take(LOG, log.releases, log.part.answer), "nothing is asked for twice"


def test_that_kept_proofs_are_what_everybody_can_check(tmp_path: Path) -> None:
    """C2SP tlog-proof, whole in itself."""
    log = Log(FEW)
    seen(tmp_path).take(LOG, log.releases, log.part.answer)
    kept = [proof.parse(file.read_bytes()) for file in tmp_path.rglob("*.tlog-proof")]
    assert sorted(one.index for one in kept) == [1, 3, 4]
    for one in kept:
        assert one.verify(LOG).size == 5
        assert proof.parse(one.data) == one


def test_that_a_release_which_the_log_does_not_show_is_unlogged(tmp_path: Path) -> None:
    log, host = Log(FEW), seen(tmp_path)
    hidden = {**log.releases, "evil": {"evil/gift@1.0.0.hpx"}}
    host.take(LOG, hidden, log.part.answer)
    assert host.missing(LOG) == {"evil": {"evil/gift@1.0.0.hpx"}}
    assert refused(lambda: check(host, "evil/gift@1.0.0")) == "unlogged"
    grown = Log([*FEW, "evil/gift@1.0.0"])
    assert host.catch_up(LOG, grown.part.answer)
    check(host, "evil/gift@1.0.0")


def test_that_a_log_without_a_checkpoint_proves_nothing(tmp_path: Path) -> None:
    host = seen(tmp_path)
    assert refused(lambda: host.take(LOG, Log(FEW).releases, lambda _: None)) == "unlogged"
    assert not host.take(LOG, {}, lambda _: None), "nothing was published yet"


def _pages(change: Callable[[Page], Page]) -> Callable[[bytes], bytes]:
    return lambda data: msgspec.json.encode(change(msgspec.json.decode(data, type=Page)))


def _each(**changes: Callable[[object], object]) -> Callable[[bytes], bytes]:
    return _pages(lambda page: Page([
        msgspec.structs.replace(one, **{k: f(getattr(one, k)) for k, f in changes.items()})
        for one in page.items]))  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_each(hashes=lambda found: found[:-1]), id="truncated"),  # type: ignore[index]
        pytest.param(_each(hashes=lambda found: [*found, bytes(32)]), id="too long"),  # type: ignore[misc]
        pytest.param(_each(hashes=lambda _: [bytes(32)] * 60_000), id="endless"),
        pytest.param(_each(hashes=lambda _: [bytes(31)]), id="no hash"),
        pytest.param(_each(n=lambda n: n + 1 if n > 1 else n), id="another leaf"),  # type: ignore[operator]
        pytest.param(_each(n=lambda _: 0), id="out of order"),
        pytest.param(lambda _: b"{", id="unreadable"),
        pytest.param(lambda _: b"\xff" * 9_000_000, id="too large"),
    ],
)
def test_that_a_proof_that_does_not_hold_proves_nothing(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    log, host = Log(FEW), seen(tmp_path)
    crooked = log.changed("proofs", change)
    assert refused(lambda: host.take(LOG, log.releases, crooked)) == "bad_proof"
    assert refused(lambda: check(host, "acme/hello@1.0.0")) == "unlogged"
    host.take(LOG, log.releases, log.part.answer)
    check(host, "acme/hello@1.0.0")


def test_that_a_proof_without_end_ends(tmp_path: Path) -> None:
    """A mirror that shows one empty promise after the other."""
    log, host, asked = Log(FEW), seen(tmp_path), []

    def endless(name: str) -> bytes | None:
        if not name.startswith("log/proofs"):
            return log.part.answer(name)
        asked.append(name)
        after = int(name.rpartition("/")[2])
        return msgspec.json.encode({"items": [{"n": after + 1, "data": b"", "hashes": []}]})

    wanted = {"acme": {"acme/hello@1.0.0.hpx"}}
    assert refused(lambda: host.take(LOG, wanted, endless)) == "bad_proof"
    assert len(asked) == 1
    assert refused(lambda: check(host, "acme/hello@1.0.0")) == "unlogged"


def test_that_an_altered_proof_on_disk_is_refused(tmp_path: Path) -> None:
    log, host = Log(FEW), seen(tmp_path)
    host.take(LOG, log.releases, log.part.answer)
    files = sorted(tmp_path.rglob("*.tlog-proof"))
    swapped = files[0].read_bytes()
    files[0].write_bytes(files[1].read_bytes())
    said = [refused(lambda s=one: check(host, s)) for one in FEW if "@" in one
            if not _holds(host, one)]  # fmt: skip
    assert said == ["unlogged"]
    for cut in (0, 10, len(swapped) // 2, len(swapped) - 3):
        files[0].write_bytes(swapped[:cut])
        assert sum(not _holds(host, one) for one in FEW if "@" in one) == 1


def _holds(host: SeenLog, subject: str) -> bool:
    try:
        check(host, subject)
    except UntrustedError:
        return False
    return True


def test_that_a_fork_is_refused_and_both_checkpoints_are_kept(tmp_path: Path) -> None:
    log, host = Log(FEW), seen(tmp_path)
    host.take(LOG, log.releases, log.part.answer)
    same_size = Log([*FEW[:-1], "acme/other@1.0.0"])
    longer = Log([*FEW[:-1], "acme/other@1.0.0", "acme/more@1.0.0"])
    for other in (same_size, longer):
        assert refused(lambda o=other: host.catch_up(LOG, o.part.answer)) == "split_view"
    assert len(list((tmp_path / "split-view").iterdir())) == 2
    for folder in (tmp_path / "split-view").iterdir():
        both = [checkpoint.verify((folder / one).read_bytes(), LOG) for one in ("seen", "shown")]
        assert both[0].root == checkpoint.verify(log.part.checkpoint, LOG).root
        assert both[0] != both[1]
    newest = host.newest()
    assert newest is not None
    assert newest.size == 5, "what was seen first stands"
    host.catch_up(LOG, Log([*FEW, "acme"]).part.answer)


def test_that_a_log_that_forks_for_ever_does_not_fill_the_disk(tmp_path: Path) -> None:
    host = seen(tmp_path)
    host.take(LOG, {}, Log(FEW).part.answer)
    for number in range(40):
        fork = Log([*(f"fork{number}" for _ in FEW), "x"])
        assert refused(lambda f=fork: host.catch_up(LOG, f.part.answer)) == "split_view"
    assert len(list((tmp_path / "split-view").iterdir())) <= 16


def test_that_a_rewound_log_is_refused(tmp_path: Path) -> None:
    log, host = Log(FEW), seen(tmp_path)
    host.take(LOG, log.releases, log.part.answer)
    assert refused(lambda: host.catch_up(LOG, Log(FEW[:3]).part.answer)) == "rollback"
    check(host, "acme/hello@1.0.1")


@pytest.mark.parametrize("lie", [lambda _: None, lambda _: b"{}", lambda _: b'{"hashes":[]}'])
def test_that_growth_that_is_not_proven_is_refused(
    tmp_path: Path, lie: Callable[[bytes], bytes | None]
) -> None:
    log, host = Log(FEW), seen(tmp_path)
    host.take(LOG, log.releases, log.part.answer)
    grown = Log([*FEW, "acme/hello@1.0.2"])
    assert refused(lambda: host.catch_up(LOG, grown.changed("growth", lie))) in (
        "split_view", "bad_proof")  # fmt: skip
    newest = host.newest()
    assert newest is not None
    assert newest.size == 5


def test_that_a_checkpoint_without_its_witnesses_is_not_believed(tmp_path: Path) -> None:
    host = seen(tmp_path, needed=1)
    bare, watched = Log(FEW), Log(FEW, cosigned=True)
    assert refused(lambda: host.take(LOG, bare.releases, bare.part.answer)) == "unlogged"

    def stubborn(name: str) -> bytes | None:
        return bare.part.answer("log/checkpoint/0" if "checkpoint" in name else name)

    assert refused(lambda: host.take(LOG, bare.releases, stubborn)) == "unwitnessed"
    host.take(LOG, bare.releases, watched.part.answer)
    check(host, "acme/hello@1.0.0")
    more = SeenLog(tmp_path, Witnesses((WATCHED,), 2))
    assert refused(lambda: check(more, "acme/hello@1.0.0")) == "unlogged", "two were wanted"


def test_that_another_key_of_the_log_makes_old_proofs_nothing(tmp_path: Path) -> None:
    log, host = Log(FEW), seen(tmp_path)
    host.take(LOG, log.releases, log.part.answer)
    thief = NoteKey(LOG.name, WATCHED.public)
    with pytest.raises(UntrustedError) as error:
        host.check(thief, ("acme/hello", "1.0.0"), digest("acme/hello@1.0.0"))
    assert error.value.code == "unlogged"
    assert refused(lambda: host.take(thief, log.releases, log.part.answer)) == "unsigned"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([*FEW, "x", "y"]), min_size=1, max_size=9), st.data())
def test_that_no_host_believes_two_histories(subjects: list[str], data: st.DataObject) -> None:
    """Whatever is shown in whatever order, what was believed is one history."""
    with tempfile.TemporaryDirectory() as folder:
        host, believed = seen(Path(folder)), []
        for _ in range(4):
            size = data.draw(st.integers(1, len(subjects)))
            other = data.draw(st.booleans())
            shown = Log([*subjects[: size - 1], "lie"] if other else subjects[:size])
            try:
                host.take(LOG, {}, shown.part.answer)
            except UntrustedError:
                continue
            believed.append([one.data for one in shown.entries])
        for earlier, later in pairwise(believed):
            assert later[: len(earlier)] == earlier


def test_that_growth_answers_are_bounded() -> None:
    part = Log(FEW).part
    for name in ("log/growth/0/5", "log/growth/3/6", "log/growth/4/3", "log/checkpoint/1",
                 "log/proofs/6/acme/0", "log/nothing", "log/proofs/5/../0"):  # fmt: skip
        assert part.answer(name) is None, name
    found = msgspec.json.decode(part.answer("log/growth/3/5") or b"", type=Growth)
    assert found.hashes
