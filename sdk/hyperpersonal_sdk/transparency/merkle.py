"""Merkle trees of a log: hashes, and the verification of inclusion and consistency proofs.

Pure: bytes in, nothing or an UntrustedError out. Source: RFC 6962 section 2.1; the verification
algorithms are those of RFC 9162 sections 2.1.3.2 and 2.1.4.2.
"""

import hashlib
from collections.abc import Sequence
from typing import NoReturn

from hyperpersonal_sdk.errors import UntrustedError

HASH_BYTES = 32
PROOF_HASHES_MAX = 64
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbouring subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Entry number `index` (from 0) with this leaf hash is in the tree of `size` with this root.

    Raises:
        UntrustedError: `bad_proof`.
    """
    if not 0 <= index < size:
        _refuse(f"entry {index} is not in a tree of {size}")
    _check_hashes(proof)
    at, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            _refuse("the proof is too long")
        if at & 1 or at == last:
            found = node_hash(other, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, other)
        at, last = at >> 1, last >> 1
    if last or found != root:
        _refuse(f"the proof does not lead from entry {index} to the root of {size}")


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """The tree of `new_size` holds the tree of `old_size` unchanged: nothing was rewritten.

    Raises:
        UntrustedError: `bad_proof`.
    """
    if not 0 <= old_size <= new_size:
        _refuse(f"a tree of {new_size} cannot hold one of {old_size}")
    _check_hashes(proof)
    if (not old_size and old_root != EMPTY_ROOT) or (not new_size and new_root != EMPTY_ROOT):
        _refuse("a tree of nothing has one root")
    if old_size in (0, new_size):
        if proof or (old_size and old_root != new_root):
            _refuse("the roots differ, or there is a proof where none is needed")
        return
    old, new = _both_roots(old_size, new_size, proof, old_root)
    if old != old_root or new != new_root:
        _refuse(f"the tree of {new_size} does not continue the one of {old_size}")


def _both_roots(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes
) -> tuple[bytes, bytes]:
    """What the proof says both roots are."""
    path = list(proof)
    if old_size & (old_size - 1) == 0:  # the old tree is itself a subtree of the new one
        path.insert(0, old_root)
    if not path:
        _refuse("the proof is empty")
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for other in path[1:]:
        if last == 0:
            _refuse("the proof is too long")
        if at & 1 or at == last:
            old, new = node_hash(other, old), node_hash(other, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, other)
        at, last = at >> 1, last >> 1
    if last:
        _refuse("the proof is too short")
    return old, new


def _check_hashes(proof: Sequence[bytes]) -> None:
    if len(proof) > PROOF_HASHES_MAX or any(len(part) != HASH_BYTES for part in proof):
        _refuse(f"a proof is at most {PROOF_HASHES_MAX} hashes of {HASH_BYTES} bytes")


def _refuse(message: str) -> NoReturn:
    raise UntrustedError("bad_proof", message)
