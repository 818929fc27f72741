"""What an author hears about a component before it is signed."""

from pathlib import Path

import pytest
from fakes.components import component
from hyperpersonal_sdk import build, checks, hpx, manifest
from hyperpersonal_sdk.errors import CheckFailedError, ManifestError

TEMPLATES = Path(build.__file__).parent / "templates"


def archive(data: bytes | None, **changes: str) -> hpx.Archive:
    files = hpx.collect(TEMPLATES / "shared") | hpx.collect(TEMPLATES / "typescript")
    text = files["plugin.toml"].decode()
    for old, new in changes.items():
        text = text.replace(old, new)
    files["plugin.toml"] = text.encode()
    if data is not None:
        files["plugin.wasm"] = data
    return hpx.unpack(hpx.pack(files))


def test_that_a_component_is_checked_with_its_source() -> None:
    made = archive(component())
    checks.check(made)
    assert made.manifest.runtime.kind == "component"
    assert "src/plugin.ts" in made.files, "reviewers see what was compiled"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "there is no plugin.wasm; `hp plugin build` makes it"),
        (b"\0asm\x01\0\0\0", "plugin.wasm is no WebAssembly component"),
        (b"", "plugin.wasm is no WebAssembly component"),
    ],
)
def test_that_what_is_no_component_is_refused(data: bytes | None, words: str) -> None:
    with pytest.raises(CheckFailedError, match=words):
        checks.check(archive(data))


def test_that_python_is_no_component() -> None:
    with pytest.raises(CheckFailedError, match="there is no module"):
        checks.check(archive(component(), component="python"))


@pytest.mark.parametrize(
    "entry", ["../plugin.wasm", "/plugin.wasm", "a//b.wasm", "plugin.wasm.", "é.wasm"]
)
def test_that_an_entry_is_a_plain_path(entry: str) -> None:
    text = (TEMPLATES / "typescript" / "plugin.toml").read_text()
    manifest.parse(text.replace('"plugin.wasm"', '"out/plugin-1.wasm"'))
    with pytest.raises(ManifestError, match="entry"):
        manifest.parse(text.replace('"plugin.wasm"', f'"{entry}"'))


def test_that_hidden_characters_in_typescript_are_seen() -> None:
    made = archive(component())
    files = {**made.files, "src/plugin.ts": "const a = 1; // \u202e".encode()}
    with pytest.raises(CheckFailedError, match=r"src/plugin\.ts:1: holds the invisible"):
        checks.check(hpx.unpack(hpx.pack(files)))
