"""Signs receipts and the ends of exports, as `hyperpersonal_sdk.receipts` reads them."""

from base64 import b64encode

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_sdk.receipts import END, RECEIPT, End, Line, Receipt, hash_of


def sign_receipt(receipt: Receipt, key: Ed25519PrivateKey) -> tuple[bytes, str]:
    """The receipt's line in an export, and its hash."""
    body = msgspec.json.encode(receipt)
    line = Line(_signature(key, RECEIPT + body), receipt=msgspec.Raw(body))
    return msgspec.json.encode(line), hash_of(body)


def sign_end(end: End, key: Ed25519PrivateKey) -> bytes:
    """The last line of an export."""
    body = msgspec.json.encode(end)
    return msgspec.json.encode(Line(_signature(key, END + body), end=msgspec.Raw(body)))


def _signature(key: Ed25519PrivateKey, signed: bytes) -> str:
    return b64encode(key.sign(signed)).decode()
