"""The transparency log: every change of the registry as a leaf of one Merkle tree."""
