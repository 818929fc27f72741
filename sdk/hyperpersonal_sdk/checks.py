"""What an archive must pass to be published: one function a rule, each with its reason.

The author's `hp plugin check` and the registry run the same rules, in order; the first failure
refuses. A rule that fails to run raises: there is no verdict between passed and refused.
"""

import ast
import io
import sys
import tokenize
from collections.abc import Callable

from hyperpersonal_sdk import manifest
from hyperpersonal_sdk.errors import CheckFailedError, ManifestError
from hyperpersonal_sdk.hidden_text import first_hidden
from hyperpersonal_sdk.hpx import Archive
from hyperpersonal_sdk.manifest import MANIFEST_FILE
from hyperpersonal_sdk.wheel_checks import the_wheels_are_wheels

SOURCES = (".py", ".ts", ".js", ".toml", ".json", ".md", ".txt")
COMPONENT = b"\0asm\x0d\0\1\0"  # component-model/design/mvp/Binary.md: version 0d, layer 1
PICTURES = (b"\x89PNG\r\n\x1a\n", b"RIFF")
PICTURE_BYTES_MAX = 512 * 1024
MODULE_BYTES_MAX = 256 * 1024  # a parsed module takes some 600 bytes of memory for each of its own
SOURCE_BYTES_MAX = 2 * 1024 * 1024
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
        for number, line in enumerate(_text(path, data).splitlines(), 1):
            hidden = first_hidden(line)
            if hidden:
                message = f"{path} line {number} holds the invisible character {hidden}"
                raise CheckFailedError("hidden_text", message)


def _text(path: str, data: bytes) -> str:
    """What reviewer and interpreter both read: UTF-8, whatever a comment says (PEP 263)."""
    try:
        text = data.decode()
        named = _encoding(data) if path.endswith(".py") else "utf-8"
    except (UnicodeDecodeError, SyntaxError) as error:
        raise CheckFailedError("bad_encoding", f"{path} is not UTF-8: {error}") from error
    if named != "utf-8":
        raise CheckFailedError("bad_encoding", f"{path} names the encoding {named}; use UTF-8")
    return text


def _encoding(data: bytes) -> str:
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def _sources_can_be_read(archive: Archive) -> None:
    """By people, and by a parser that must not take the registry's memory."""
    sizes = {path: len(data) for path, data in archive.files.items() if path.endswith(".py")}
    for path, size in sizes.items():
        if size > MODULE_BYTES_MAX:
            message = f"{path} has {size} bytes, a module has at most {MODULE_BYTES_MAX}"
            raise CheckFailedError("too_much_source", message)
    if sum(sizes.values()) > SOURCE_BYTES_MAX:
        message = f"all modules together have at most {SOURCE_BYTES_MAX} bytes"
        raise CheckFailedError("too_much_source", message)


def _sources_compile(archive: Archive) -> None:
    for path, data in archive.files.items():
        if path.endswith(".py"):
            _parse(path, data)


def _the_entry_is_a_plugin(archive: Archive) -> None:
    said = archive.manifest
    if said.runtime.kind == "component":
        _is_component(said.entry, archive.files.get(said.entry))
    else:
        _binds_a_plugin(said.entry, archive)


def _is_component(entry: str, data: bytes | None) -> None:
    if data is None:
        raise CheckFailedError("no_entry", f"there is no {entry}; `hp plugin build` makes it")
    if not data.startswith(COMPONENT):
        raise CheckFailedError("no_entry", f"{entry} is no WebAssembly component")


def _binds_a_plugin(entry: str, archive: Archive) -> None:
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
    _sources_can_be_read,
    _sources_compile,
    _the_entry_is_a_plugin,
    the_wheels_are_wheels,
    _modules_are_their_own,
    _the_listing_shows_what_is_there,
)


def _parse(path: str, data: bytes) -> ast.Module:
    try:
        return ast.parse(data.decode(), path)
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
