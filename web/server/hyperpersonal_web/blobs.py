"""Which store of artifacts the settings name."""

from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import Blobs, FolderBlobs, open_blobs

BLOBS = "blobs"


def blobs_of(settings: Settings) -> Blobs:
    """The store of HP_BLOBS, else a folder of the data folder. Raises RefusedError."""
    if settings.blobs:
        return open_blobs(settings.blobs)
    return FolderBlobs(settings.data_dir / BLOBS)
