"""`bundle.toml`: every fault with its line and what to write; the schema agrees; it packs."""

import contextlib
import json
from pathlib import Path

import jsonschema
import pytest
from fakes.bundles import text
from hyperpersonal_sdk import bundle, checks, hpx, manifest
from hyperpersonal_sdk.bundle_pack import files_of, manifest_of
from hyperpersonal_sdk.errors import ArchiveError, BundleError, CheckFailedError
from hyperpersonal_sdk.schema.__main__ import HERE, SCHEMAS, rendered
from hypothesis import given
from hypothesis import strategies as st

WHOLE = """
id = "fernhill/support"
version = "1.2.0"
title = "Fernhill \\"support\\""
description = "All of it."
zone = "Europe/Berlin"
languages = ["en", "de"]
fallback = ["acme/orders", "person", "decline"]

[[agents]]
plugin = "acme/orders"
version = "^1.2"
hours = ["mon-fri 08:00-20:00", "sat 10:00-02:00"]
languages = ["en"]

[[agents]]
plugin = "acme/returns"

[[needs]]
plugin = "acme/shop"
version = ">=1.0 <3.0"

[[needs]]
interface = "mail.send"

[[rules]]
when = "gift card"
to = "person"

[people]
hours = ["mon-fri 09:00-17:00"]
closed = ["2026-12-25"]

[voice]
name = "Fern"
tone = ["warm", "plain"]
greeting = "Hello!"
sign_off = "Fern"
avoid = ["unfortunately"]

[ceilings]
price = "99.00 USD"
capabilities = ["tool:commerce.orders.read"]
"""


def test_that_a_whole_bundle_is_read_as_it_is_written() -> None:
    found = bundle.parse(WHOLE)
    assert list(found.plugins.items()) == [
        ("acme/orders", "^1.2"), ("acme/returns", "*"), ("acme/shop", ">=1.0 <3.0"),
    ]  # fmt: skip
    assert found.interfaces == ("mail.send",)
    hours = found.hours_of(found.agents[0])
    assert hours is not None
    assert hours.zone == "Europe/Berlin"
    assert found.hours_of(found.agents[1]) is None
    assert found.people_hours is not None
    assert found.people_hours.closed == ("2026-12-25",)
    assert bundle.parse(text()).people_hours is None


@pytest.mark.parametrize(
    ("was", "becomes", "line", "words"),
    [
        ('zone = "Europe/Berlin"', 'zone = "Berlin"', 6, "no time zone"),
        ('plugin = "acme/orders"', 'plugin = "Orders"', 11, "publisher/name"),
        ('version = "^1.2"', 'version = "latest"', 12, "Which versions will do"),
        ("sat 10:00-02:00", "saturday", 13, "mon-fri 09:00-17:30"),
        ("sat 10:00-02:00", "sat 10:00-24:30", 13, "ends at 24:00"),
        ('plugin = "acme/returns"', 'plugin = "acme/orders"', 17, "there twice"),
        ('plugin = "acme/shop"', 'plugin = "acme/returns"', 20, "there twice"),
        ('interface = "mail.send"', "", 23, "either a plugin or an interface"),
        ('to = "person"', 'to = "acme/nobody"', 28, "no agent of this bundle"),
        ('"person", "decline"]', '"decline", "person"]', 8, "put it last"),
        ('"person", "decline"]', '"nobody"]', 8, "neither `person`"),
        ("2026-12-25", "2026-02-30", 32, "no date"),
        ('greeting = "Hello!"', 'greeting = "Unfortunately!"', 37, "is to be avoided"),
        ('price = "99.00 USD"', 'price = "99 dollars"', 42, "99.00 USD"),
        ("commerce.orders.read", "commerce.orders.steal", 43, "no capability"),
        ("[voice]", "[voce]", 34, "did you mean 'voice'"),
        ('tone = ["warm", "plain"]', 'tones = ["warm"]', 36, "did you mean 'tone'"),
        ('name = "Fern"', 'name = "Fe\\u202ern"', 35, "invisible character"),
        ('title = "Fernhill', 'titel = "Fernhill', 4, "did you mean 'title'"),
    ],
)
def test_that_a_fault_is_told_with_its_line_and_what_to_write(
    was: str, becomes: str, line: int, words: str
) -> None:
    assert was in WHOLE
    with pytest.raises(BundleError) as error:
        bundle.parse(WHOLE.replace(was, becomes, 1))
    told = [one for one in error.value.problems if words in one]
    assert told, error.value.problems
    assert told[0].startswith(f"bundle.toml line {line}, "), told


def test_that_the_guides_example_is_a_bundle() -> None:
    guide = (Path(__file__).parents[3] / "docs/guides/bundles.md").read_text()
    example = guide.split("```toml\n")[1].split("```")[0]
    assert bundle.parse(example).id == "fernhill/support"


def test_that_nonsense_is_refused_without_harm() -> None:
    for source in ("", "id =", "x = " + "[" * 500, "a" * 70_000, "agents = 3"):
        with pytest.raises(BundleError):
            bundle.parse(source)


@given(st.text(max_size=200))
def test_that_no_text_breaks_the_parser(source: str) -> None:
    with contextlib.suppress(BundleError):
        bundle.parse(source)


def test_that_the_published_schemas_are_those_of_the_types() -> None:
    for name in SCHEMAS:
        assert (HERE / name).read_text() == rendered(name), (
            "run: python -m hyperpersonal_sdk.schema"
        )
    schema = json.loads(rendered("bundle.json"))
    jsonschema.Draft202012Validator.check_schema(schema)


def written(folder: Path, source: str = WHOLE) -> Path:
    file = folder / "bundle.toml"
    file.write_text(source)
    return file


def test_that_a_bundle_packs_to_the_same_digest_with_the_texts_beside_it(tmp_path: Path) -> None:
    file = written(tmp_path)
    (tmp_path / "README.md").write_text("# Evenings\n")
    (tmp_path / "setup.py").write_text("import os\n")
    archive = hpx.unpack(hpx.pack(files_of(file)))
    assert sorted(archive.files) == ["README.md", "bundle.toml", "plugin.toml"]
    assert archive.digest == hpx.unpack(hpx.pack(files_of(file))).digest
    said = manifest.parse(manifest_of(bundle.parse(WHOLE)))
    assert (said.kind, said.title, said.entry) == ("bundle", 'Fernhill "support"', "bundle.toml")
    checks.check(archive)


def test_that_a_link_beside_it_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "README.md").symlink_to("/etc/hostname")
    with pytest.raises(ArchiveError):
        files_of(written(tmp_path))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hello.py": b"print(1)\n"}, "neither the bundle nor a text"),
        ({"bundle.toml": b"id = 1\n"}, "bundle.toml"),
        ({"bundle.toml": WHOLE.replace("1.2.0", "1.3.0").encode()}, "version is another"),
        ({"bundle.toml": WHOLE.replace("All of it.", "Other.").encode()}, "description is another"),
        ({"bundle.toml": None}, "there is no bundle.toml"),
    ],
)
def test_that_a_bundle_with_anything_else_in_it_is_no_release(
    tmp_path: Path, change: dict[str, bytes | None], words: str
) -> None:
    files = {**files_of(written(tmp_path)), **change}
    archive = hpx.unpack(hpx.pack({path: data for path, data in files.items() if data}))
    with pytest.raises(CheckFailedError, match=words):
        checks.check(archive)


@pytest.mark.parametrize(
    "more",
    [
        'hooks = ["reply"]',
        'hooks = []\n[[capabilities]]\nask = "kv:1MiB"\nwhy = "Wants."',
        'hooks = []\n[[secrets]]\nheader = "X-Key"\nwhy = "Wants."',
        'hooks = []\n[agent]\nlabels = ["order"]',
    ],
)
def test_that_a_bundle_asks_for_nothing_and_serves_no_hook(more: str) -> None:
    source = manifest_of(bundle.parse(WHOLE)).replace("hooks = []", more)
    with pytest.raises(manifest.ManifestError):
        manifest.parse(source)
