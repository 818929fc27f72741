"""Which store a URL names: a folder of this machine, or a bucket."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hyperpersonal_core.kit.errors import RefusedError

from hyperpersonal_registry.blobs import Blobs, FolderBlobs

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SHAPES = "s3://BUCKET, s3://BUCKET/PREFIX or file:///FOLDER"


def open_blobs(url: str) -> Blobs:
    """The store at `s3://bucket/prefix` or `file:///folder`; nothing is asked of it yet.

    Raises:
        RefusedError: the URL names no store.
    """
    said = urlsplit(url)
    path = unquote(said.path)
    if said.query or said.fragment or ".." in path.split("/"):
        raise RefusedError(f"a store of artifacts is named {_SHAPES}, without anything behind")
    if said.scheme == "file" and not said.netloc and path.startswith("/"):
        return FolderBlobs(Path(path))
    if said.scheme == "s3" and _BUCKET.fullmatch(said.netloc):
        from hyperpersonal_registry.s3_blobs import S3Blobs  # only who has a bucket pays for it

        return S3Blobs(said.netloc, path.strip("/"))
    what = f"{said.scheme}:…" if said.scheme else "what has no scheme"
    raise RefusedError(f"{what} names no store of artifacts; write {_SHAPES}")
