"""The references are what the code says now."""

from hyperpersonal_registry.checks import REQUIRED
from hyperpersonal_registry.checks import reference as checks_page
from hyperpersonal_runtime.hostcalls.table import HOST_CALLS
from hyperpersonal_runtime.reference import PAGE, page
from hyperpersonal_sdk import manifest
from hyperpersonal_sdk.capabilities import examples, parse
from hyperpersonal_sdk.schema import reference as manifest_page


def test_that_the_page_is_the_one_of_the_code() -> None:
    assert PAGE.read_text() == page(), "run: .venv/bin/python -m hyperpersonal_runtime.reference"


def test_that_it_names_every_call_and_every_kind() -> None:
    text = page()
    assert [name for name in HOST_CALLS if f"### `{name}`" not in text] == []
    assert [kind for kind in examples() if f"| `{kind}:` |" not in text] == []
    assert all(parse(example).text == example for example in examples().values())


def test_that_the_page_of_the_manifest_is_the_one_of_the_types() -> None:
    written = manifest_page.PAGE.read_text()
    assert written == manifest_page.page(), "run: python -m hyperpersonal_sdk.schema.reference"


def test_that_it_names_every_key_of_every_table() -> None:
    text = manifest_page.page()
    tables = manifest.schema()["$defs"]
    assert set(tables) == set(manifest_page.PLACES)
    keys = {key for table in tables.values() for key in table["properties"]}
    assert [key for key in keys if f"| `{key}` |" not in text] == []


def test_that_the_page_of_the_checks_is_the_one_of_the_checks() -> None:
    written = checks_page.PAGE.read_text()
    assert written == checks_page.page(), "run: python -m hyperpersonal_registry.checks.reference"


def test_that_it_names_every_check_a_release_must_pass() -> None:
    text = checks_page.page()
    assert [name for name in REQUIRED if f"| `{name}` |" not in text] == []
