"""The log's verifier (proofs, notes, checkpoints, witnesses) and the tree that makes proofs."""

import asyncio
import hashlib
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_registry.log import tiles, tree
from hyperpersonal_registry.log.tiles import TileId
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency import checkpoint, merkle, note
from hyperpersonal_sdk.transparency.checkpoint import Checkpoint, Witnesses
from hyperpersonal_sdk.transparency.note import COSIGNATURE, NoteKey
from hypothesis import given
from hypothesis import strategies as st

# The vectors every implementation of RFC 6962 is tried on.
VECTOR = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LOG = NoteKey("log.example/registry", LOG_KEY.public_key().public_bytes_raw())
WITNESS = NoteKey("witness.example", WITNESS_KEY.public_key().public_bytes_raw(), COSIGNATURE)


class Tree:
    """A log in memory."""

    def __init__(self, leaves: Sequence[bytes] = ()) -> None:
        self.tiles: dict[TileId, bytes] = {}
        self.size = 0
        self.add(leaves)

    async def read(self, tile: TileId) -> bytes:
        return self.tiles.get(tile, b"")

    def add(self, leaves: Sequence[bytes]) -> None:
        self.tiles |= asyncio.run(tree.grown(self.read, self.size, leaves))
        self.size += len(leaves)

    def root(self, size: int) -> bytes:
        return asyncio.run(tree.root(self.read, size))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return asyncio.run(tree.inclusion(self.read, index, size))

    def consistency(self, old: int, new: int) -> list[bytes]:
        return asyncio.run(tree.consistency(self.read, old, new))


def leaf(number: int) -> bytes:
    return merkle.leaf_hash(str(number).encode())


BIG = Tree([leaf(number) for number in range(70_000)])


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962's definition, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return merkle.node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


def code(error: pytest.ExceptionInfo[UntrustedError]) -> str:
    return error.value.code


def test_that_the_roots_of_the_known_vectors_come_out() -> None:
    known = Tree([merkle.leaf_hash(bytes.fromhex(text)) for text in VECTOR])
    assert [known.root(size).hex() for size in range(1, 9)] == ROOTS
    assert known.root(0) == merkle.EMPTY_ROOT


@given(st.lists(st.integers(0, 600), min_size=1, max_size=4))
def test_that_growing_in_steps_gives_the_root_of_the_definition(steps: list[int]) -> None:
    grown = Tree()
    for step in steps:
        grown.add([leaf(grown.size + at) for at in range(step)])
    assert grown.root(grown.size) == plain_root([leaf(at) for at in range(grown.size)])


@given(st.data())
def test_that_every_leaf_is_proven_and_nothing_else_is(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, BIG.size))
    index = data.draw(st.integers(0, size - 1))
    proof, root = BIG.inclusion(index, size), BIG.root(size)
    merkle.verify_inclusion(leaf(index), index, size, proof, root)
    wrong = data.draw(st.sampled_from(["leaf", "index", "root", "short", "long", "altered"]))
    args = {
        "leaf": (leaf(index + 1), index, size, proof, root),
        "index": (leaf(index), (index + 1) % size if size > 1 else 1, size, proof, root),
        "root": (leaf(index), index, size, proof, merkle.leaf_hash(root)),
        "short": (leaf(index), index, size, proof[:-1] or [root], root),
        "long": (leaf(index), index, size, [*proof, root], root),
        "altered": (leaf(index), index, size, [merkle.leaf_hash(root), *proof[1:]], root),
    }[wrong]
    with pytest.raises(UntrustedError) as refused:
        merkle.verify_inclusion(*args)
    assert code(refused) == "bad_proof"


@given(st.data())
def test_that_a_log_that_rewrote_its_past_cannot_prove_it_grew(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, BIG.size))
    old = data.draw(st.integers(1, new))
    proof = BIG.consistency(old, new)
    merkle.verify_consistency(old, new, proof, BIG.root(old), BIG.root(new))
    rewritten = merkle.leaf_hash(b"other past")
    for roots in ((rewritten, BIG.root(new)), (BIG.root(old), rewritten)):
        with pytest.raises(UntrustedError):
            merkle.verify_consistency(old, new, proof, *roots)
    with pytest.raises(UntrustedError):
        merkle.verify_consistency(old, new, [*proof, rewritten], BIG.root(old), BIG.root(new))
    if proof:
        with pytest.raises(UntrustedError):
            merkle.verify_consistency(old, new, proof[:-1], BIG.root(old), BIG.root(new))


def test_that_an_endless_proof_is_refused_before_it_is_hashed() -> None:
    for proof in ([bytes(32)] * 65, [bytes(31)]):
        with pytest.raises(UntrustedError):
            merkle.verify_inclusion(leaf(0), 0, 2, proof, bytes(32))


def test_that_tiles_have_the_paths_and_bundles_of_the_format() -> None:
    assert tiles.path(TileId(0, 0), 5) == "tile/0/000.p/5"
    assert tiles.path(TileId(2, 1_234_067)) == "tile/2/x001/x234/067"
    assert tiles.bundle_path(1_067) == "tile/entries/x001/067"
    entries = [b"", b"one", b"x" * 65_535]
    assert list(tiles.unbundle(tiles.bundle(entries))) == entries
    with pytest.raises(ValueError, match="cut off"):
        list(tiles.unbundle(tiles.bundle(entries)[:-1]))


def test_that_a_proof_reads_few_tiles() -> None:
    read: list[TileId] = []

    async def counted(tile: TileId) -> bytes:
        read.append(tile)
        return await BIG.read(tile)

    asyncio.run(tree.inclusion(counted, 40_000, 70_000))
    assert len(set(read)) <= 8


def signed(size: int = 8, *, cosigned: bool = True) -> bytes:
    made = note.sign(Checkpoint(LOG.name, size, BIG.root(size)).text, LOG.name, LOG_KEY)
    return (note.cosign(made, WITNESS.name, WITNESS_KEY, 1_790_000_000) if cosigned else made).data


def test_that_a_signed_and_witnessed_checkpoint_is_trusted() -> None:
    found = checkpoint.verify(signed(), LOG, Witnesses((WITNESS,), 1))
    assert found == Checkpoint(LOG.name, 8, BIG.root(8))


def test_that_keys_survive_being_written_down() -> None:
    assert NoteKey.parse(LOG.text) == LOG
    assert NoteKey.parse(WITNESS.text) == WITNESS
    for text in (LOG.text[:-4] + "AAAA", LOG.text.replace("+", "-"), "", "a+00000000+"):
        with pytest.raises(UntrustedError, match=r"\w"):
            NoteKey.parse(text)


STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (signed(cosigned=False), "unwitnessed"),
        (signed().replace(b"\n8\n", b"\n9\n"), "altered_note"),
        (signed().replace(b"log.example", b"lag.example"), "other_log"),
        (signed().replace(b"\n8\n", b"\n08\n"), "bad_checkpoint"),
        (note.sign("x\n1\nAAAA\n", LOG.name, LOG_KEY).data, "bad_checkpoint"),
        (note.sign(f"{LOG.name}\n", LOG.name, LOG_KEY).data, "bad_checkpoint"),
        (note.sign(Checkpoint(LOG.name, 8, BIG.root(8)).text, "other", STRANGER).data, "unsigned"),
        (signed()[:-1], "bad_note"),
        (signed() * 400, "bad_note"),
        (b"\xff", "bad_note"),
        (signed().replace("\u2014 ".encode(), b"- "), "bad_note"),
    ],
)
def test_that_any_other_checkpoint_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UntrustedError) as refused:
        checkpoint.verify(data, LOG, Witnesses((WITNESS,), 1))
    assert code(refused) == reason


@given(st.integers(0, len(signed()) - 1), st.integers(1, 255))
def test_that_no_altered_byte_is_trusted(at: int, change: int) -> None:
    data = bytearray(signed())
    data[at] ^= change
    with pytest.raises(UntrustedError):
        checkpoint.verify(bytes(data), LOG, Witnesses((WITNESS,), 1))


def test_that_a_witness_is_counted_once_however_often_it_signs() -> None:
    twice = note.cosign(note.parse(signed()), WITNESS.name, WITNESS_KEY, 1_790_000_001)
    with pytest.raises(UntrustedError) as refused:
        checkpoint.verify(twice.data, LOG, Witnesses((WITNESS,), 2))
    assert code(refused) == "unwitnessed"


def test_that_growth_is_proven_and_rollback_refused() -> None:
    old, new = (Checkpoint(LOG.name, size, BIG.root(size)) for size in (300, 70_000))
    checkpoint.verify_growth(old, new, BIG.consistency(300, 70_000))
    with pytest.raises(UntrustedError) as refused:
        checkpoint.verify_growth(new, old, [])
    assert code(refused) == "rollback"


def test_that_a_split_view_is_found() -> None:
    honest = [Checkpoint(LOG.name, size, BIG.root(size)) for size in (5, 9, 9)]
    assert checkpoint.split_view(honest) is None
    lie = Checkpoint(LOG.name, 9, leaf(1))
    assert checkpoint.split_view([*honest, lie]) == (honest[1], lie)
