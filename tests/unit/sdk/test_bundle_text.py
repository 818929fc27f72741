"""A bundle's text from its data: it reads back as the same, whether it is right or not yet."""

import tomllib
from typing import Any

import pytest
from hyperpersonal_sdk import bundle, bundle_checks, bundle_text
from hypothesis import given
from hypothesis import strategies as st

RIGHT = {
    "agents": [{"plugin": "acme/two", "hours": ["fri 22:00-02:00"]}, {"plugin": "acme/one"}],
    "id": "acme/team", "version": "1.0.0", "title": 'The "team"', "description": "Two\nlines.",
    "rules": [{"when": "/\\bgift\\b/", "to": "acme/one"}],
    "voice": {"name": "Fern", "tone": ["warm"]}, "needs": [{"interface": "commerce.orders"}],
}  # fmt: skip
# TOML has no lone surrogates; nothing may be in a text that its file could not hold.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = TEXTS | st.booleans() | st.integers(-(2**31), 2**31) | st.lists(TEXTS, min_size=1)
TABLES = st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4)
BUNDLES = st.dictionaries(TEXTS, VALUES | TABLES | st.lists(TABLES, min_size=1, max_size=3))


@given(BUNDLES)
def test_that_what_is_written_reads_back(data: dict[str, Any]) -> None:
    assert tomllib.loads(bundle_text.write(data)) == data


def test_that_a_bundle_is_written_as_a_person_would() -> None:
    source = bundle_text.write(RIGHT)
    assert source.startswith('id = "acme/team"\nversion = "1.0.0"\ntitle = ')
    assert source.index("[[agents]]") < source.index("[[needs]]") < source.index("[voice]")
    assert [place.plugin for place in bundle.parse(source).agents] == ["acme/two", "acme/one"]


def test_that_what_is_empty_is_left_out_and_what_toml_has_not_is_refused() -> None:
    assert bundle_text.write({"title": "", "agents": [], "voice": {"tone": []}}) == 'title = ""\n'
    with pytest.raises(TypeError, match="NoneType"):
        bundle_text.write({"title": None})


def test_that_each_fault_has_its_place() -> None:
    assert bundle_checks.faults(RIGHT) == []
    odd = {**RIGHT, "title": "", "agents": [{"plugin": "acme/one", "hours": ["noon"]}]}
    faults = {tuple(path): what for path, what in bundle_checks.faults(odd)}
    assert faults.keys() == {("title",), ("agents", 0, "hours", 0)}
    assert "mon-fri 09:00-17:30" in faults["agents", 0, "hours", 0]
    meant = {**RIGHT, "fallback": ["acme/three"], "zone": "Mars/North"}
    assert [tuple(path) for path, _ in bundle_checks.faults(meant)] == [("zone",), ("fallback", 0)]
