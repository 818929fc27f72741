"""A piece of work to measure others by: it is slow where they are."""

import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
_DATA = bytes(1_000)
_SIGNATURE = _KEY.sign(_DATA)
_TIMES = 20


def signature_ms() -> float:
    """CPU time that this machine takes, at this moment, to verify one Ed25519 signature."""
    public = _KEY.public_key()
    start = time.process_time()
    for _ in range(_TIMES):
        public.verify(_SIGNATURE, _DATA)
    return (time.process_time() - start) * 1000 / _TIMES
