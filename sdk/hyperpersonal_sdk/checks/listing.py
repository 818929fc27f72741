"""Pictures and the changelog a merchant is shown are in the artifact, and are what they say."""

from collections.abc import Iterator

from hyperpersonal_sdk.checks.reading import PICTURES, Reading
from hyperpersonal_sdk.checks.rule import Finding

NAME = "listing"
REASON = "What merchants see before they install is signed with what they install."
FIX = "Put the file into the plugin's folder, or take it out of [listing]."
WAIVABLE = False
CODE = "bad_listing"
PICTURE_BYTES_MAX = 512 * 1024


def check(reading: Reading) -> Iterator[Finding]:
    """Files that [listing] names and that are missing or are something else."""
    listing = reading.manifest.listing if reading.manifest else None
    if listing is None:
        return
    for path in (*listing.screenshots, *filter(None, [listing.changelog])):
        if path not in reading.files:
            yield Finding("", f"[listing] names {path}, which is not there", CODE)
    for path in listing.screenshots:
        data = reading.files.get(path, b"")
        if path in reading.files and (
            not data.startswith(PICTURES) or len(data) > PICTURE_BYTES_MAX
        ):
            most = PICTURE_BYTES_MAX // 1024
            yield Finding("", f"{path} must be a PNG or WebP of at most {most} KiB", CODE)
