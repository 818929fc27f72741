"""The registry's face: across packages, import only from here."""

from hyperpersonal_registry.blobs import Blobs, FolderBlobs
from hyperpersonal_registry.errors import PublishRefusedError, ReleaseRefusedError
from hyperpersonal_registry.journal import Entry
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.looks import Looked, Looks
from hyperpersonal_registry.migrations import migrate
from hyperpersonal_registry.names import version_key
from hyperpersonal_registry.releases import Release
from hyperpersonal_registry.service import Registry
from hyperpersonal_registry.verdicts import Verdict
from hyperpersonal_registry.visibility import PUBLIC, Seen, Visibilities, Visibility

__all__ = [
    "PUBLIC",
    "Blobs",
    "Entry",
    "FolderBlobs",
    "Looked",
    "Looks",
    "PublishRefusedError",
    "Registry",
    "Release",
    "ReleaseRefusedError",
    "Seen",
    "Signer",
    "Verdict",
    "Visibilities",
    "Visibility",
    "migrate",
    "version_key",
]
