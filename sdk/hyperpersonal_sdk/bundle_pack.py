"""A bundle as a release: its text, the manifest that follows from it, and the texts beside it."""

from pathlib import Path

from hyperpersonal_sdk import bundle
from hyperpersonal_sdk.bundle import BUNDLE_FILE, LOCK_FILE, Bundle
from hyperpersonal_sdk.errors import ArchiveError
from hyperpersonal_sdk.hpx import FILE_BYTES_MAX
from hyperpersonal_sdk.manifest import MANIFEST_FILE

BESIDE = (".md", ".txt", ".png", ".webp")


def files_of(file: Path, lock: bytes | None = None) -> dict[str, bytes]:
    """What a bundle's archive holds, path -> bytes.

    Args:
        file: the `bundle.toml`.
        lock: a `bundle.lock` to ship; None: none.

    Raises:
        BundleError: the text is no bundle.
        ArchiveError: a file beside it is a link or too large.
    """
    source = file.read_text(encoding="utf-8")
    manifest = manifest_of(bundle.parse(source))
    files = {BUNDLE_FILE: source.encode(), MANIFEST_FILE: manifest.encode()}
    if lock is not None:
        files[LOCK_FILE] = lock
    for path in sorted(file.resolve().parent.iterdir()):
        if path.suffix in BESIDE and not path.name.startswith("."):
            if path.is_symlink() or path.stat().st_size > FILE_BYTES_MAX:
                raise ArchiveError("file_too_large", f"{path.name} is a link or too large")
            files[path.name] = path.read_bytes()
    return files


def manifest_of(said: Bundle) -> str:
    """The `plugin.toml` of a bundle: the same from the same text anywhere."""
    words = {
        "id": said.id, "version": said.version, "kind": "bundle", "title": said.title,
        "description": said.description, "licence": said.licence, "entry": BUNDLE_FILE,
    }  # fmt: skip
    lines = [f"{key} = {_quoted(value)}" for key, value in words.items()]
    return "\n".join([*lines, "hooks = []", ""])


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{plain}"'
