"""What a host asks about: one archive under one name, measured once."""

import hashlib

from hyperpersonal_sdk import hpx, risk, signing
from hyperpersonal_sdk.errors import ArchiveError, CapabilityError, ManifestError, UntrustedError
from msgspec import Struct


class Measured(Struct, frozen=True):
    """All that trust needs to know of an archive. Depends on its bytes alone, so that bytes which
    are held need not be measured again.

    Attributes:
        sha256: of the archive's bytes, hex; `length` in bytes.
        digest: of its index, `sha256:<hex>`.
        permissions: hash of what its manifest asks.
        reviews: how many people must stand for it, by what it may do.
    """

    sha256: str
    length: int
    digest: str
    permissions: str
    reviews: int


def measure(archive: bytes, unpacked: hpx.Archive | None = None) -> Measured:
    """Measure an archive; `unpacked`: the same, where the caller has verified it already.

    Raises:
        UntrustedError: `altered`: it is no archive, or its manifest cannot be read.
    """
    try:
        whole = unpacked or hpx.unpack(archive)
        manifest = whole.manifest
        permissions = signing.permission_hash(manifest)
        reviews = risk.reviews_needed(manifest)
    except (ArchiveError, ManifestError, CapabilityError, UnicodeDecodeError) as error:
        raise UntrustedError("altered", f"these bytes are no plugin: {error}") from error
    sha256 = hashlib.sha256(archive).hexdigest()
    return Measured(sha256, len(archive), whole.digest, permissions, reviews)
