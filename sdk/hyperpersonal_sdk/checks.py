"""What an archive must pass to be published: one function a rule, each with its reason.

The author's `hp plugin check` and the registry run the same rules, in order; the first failure
refuses. A rule that fails to run raises: there is no verdict between passed and refused.
"""

import ast
import sys
import unicodedata
from collections.abc import Callable

from hyperpersonal_sdk import manifest
from hyperpersonal_sdk.errors import CheckFailedError, ManifestError
from hyperpersonal_sdk.hpx import Archive
from hyperpersonal_sdk.manifest import MANIFEST_FILE

SOURCES = (".py", ".toml", ".json", ".md", ".txt")
PICTURES = (b"\x89PNG\r\n\x1a\n", b"RIFF")
PICTURE_BYTES_MAX = 512 * 1024
NOT_THEIRS = frozenset(sys.stdlib_module_names) | {"hyperpersonal_sdk"}


def check(archive: Archive) -> None:
    """Raises CheckFailedError with the first rule the archive breaks."""
    for rule in RULES:
        rule(archive)


def _the_manifest_holds(archive: Archive) -> None:
    try:
        manifest.parse(archive.files[MANIFEST_FILE].decode())
    except (ManifestError, UnicodeDecodeError) as error:
        raise CheckFailedError("bad_manifest", str(error)) from error


def _texts_hide_nothing(archive: Archive) -> None:
    """A reviewer must see what runs: no reordering or invisible characters (CVE-2021-42574)."""
    for path, data in archive.files.items():
        if not path.endswith(SOURCES):
            continue
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise CheckFailedError("bad_encoding", f"{path} is not UTF-8: {error}") from error
        for number, line in enumerate(text.splitlines(), 1):
            hidden = [char for char in line if unicodedata.category(char) in {"Cf", "Co"}]
            if hidden:
                what = f"the invisible character U+{ord(hidden[0]):04X}"
                raise CheckFailedError("hidden_text", f"{path} line {number} holds {what}")


def _sources_compile(archive: Archive) -> None:
    for path, data in archive.files.items():
        if path.endswith(".py"):
            _parse(path, data)


def _the_entry_binds_a_plugin(archive: Archive) -> None:
    entry = archive.manifest.entry
    stem = entry.replace(".", "/")
    path = next((p for p in (f"{stem}/__init__.py", f"{stem}.py") if p in archive.files), None)
    if path is None:
        message = f"there is no module {entry!r} ({stem}/__init__.py or {stem}.py)"
        raise CheckFailedError("no_entry", message)
    tree = _parse(path, archive.files[path])
    if "plugin" not in {name for node in tree.body for name in _bound(node)}:
        raise CheckFailedError("no_entry", f"{path} does not bind `plugin` at its top level")


def _modules_are_their_own(archive: Archive) -> None:
    """No module may stand in for one of the interpreter's or the SDK's."""
    for path in archive.files:
        top = path.split("/")[0].removesuffix(".py")
        if path.endswith(".py") and top in NOT_THEIRS:
            raise CheckFailedError("shadowing", f"{path} would stand in for the module {top!r}")


def _the_listing_shows_what_is_there(archive: Archive) -> None:
    """Pictures and the changelog a merchant is shown are in the artifact, and are what they say."""
    listing = archive.manifest.listing
    if listing is None:
        return
    for path in (*listing.screenshots, *filter(None, [listing.changelog])):
        if path not in archive.files:
            raise CheckFailedError("bad_listing", f"[listing] names {path}, which is not there")
    for path in listing.screenshots:
        data = archive.files[path]
        if not data.startswith(PICTURES) or len(data) > PICTURE_BYTES_MAX:
            message = f"{path} must be a PNG or WebP of at most {PICTURE_BYTES_MAX // 1024} KiB"
            raise CheckFailedError("bad_listing", message)


RULES: tuple[Callable[[Archive], None], ...] = (
    _the_manifest_holds,
    _texts_hide_nothing,
    _sources_compile,
    _the_entry_binds_a_plugin,
    _modules_are_their_own,
    _the_listing_shows_what_is_there,
)


def _parse(path: str, data: bytes) -> ast.Module:
    try:
        return ast.parse(data, path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CheckFailedError("does_not_compile", f"{path}: {error}") from error


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Assign):
        return {name.id for name in node.targets if isinstance(name, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    return set()
