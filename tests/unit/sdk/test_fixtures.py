"""What lies in a fixture is nobody's data; what cannot be read is told with its file."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hyperpersonal_sdk.testing.fixtures import (
    Fixture,
    FixtureCall,
    FixtureError,
    dump,
    load,
    scrubbed,
)
from hypothesis import given
from hypothesis import strategies as st

PRIVATE = (
    "maya.lindqvist@posteo.example.org",
    "4111 1111 1111 1111",
    "5555-5555-5555-4444",
    "Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc",
    "sk-" + "ant-api03-" + "Q7" * 12,
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "AKIA" + "Q7RZ" * 4,
    "shpat_" + "0a" * 16,
)
KEPT = (
    "Where is my order #W1234567?",
    "tracking 808418123456",
    "2026-11-22T13:45:00Z",
    "person@example.com",
    "49.99 USD",
)


@pytest.mark.parametrize("secret", PRIVATE)
def test_that_nothing_private_stays(secret: str) -> None:
    for text in (secret, f"write to {secret}, please", f'{{"key": "{secret}"}}'):
        clean = scrubbed({"a": [text]})["a"][0]
        assert secret not in clean
        assert secret.rsplit(maxsplit=1)[-1] not in clean


@pytest.mark.parametrize("text", KEPT)
def test_that_what_the_plugin_works_with_stays(text: str) -> None:
    assert scrubbed([text]) == [text]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@given(JSON)
def test_that_scrubbing_twice_is_scrubbing_once(value: Any) -> None:
    once = scrubbed(value)
    assert scrubbed(once) == once


def test_that_a_fixture_comes_back_as_it_was_written(tmp_path: Path) -> None:
    call = FixtureCall("kv.get", {"key": "a"}, {"value": None})
    fixture = Fixture("reply", {"text": "from ann@shop.example"}, {"text": "x"}, [call])
    path = tmp_path / "one.json"
    path.write_bytes(dump(fixture))
    clean = {"text": "from person@example.com"}
    assert load(path) == msgspec.structs.replace(fixture, payload=clean)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"hook": 1}', b"\xff", b" " * (1024 * 1024 + 1)])
def test_that_a_broken_file_is_named(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(data)
    with pytest.raises(FixtureError, match=r"broken\.json"):
        load(path)
