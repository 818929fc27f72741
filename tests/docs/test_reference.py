"""The reference of capabilities is what the code says now."""

from hyperpersonal_runtime.hostcalls.table import HOST_CALLS
from hyperpersonal_runtime.reference import PAGE, page
from hyperpersonal_sdk.capabilities import examples, parse


def test_that_the_page_is_the_one_of_the_code() -> None:
    assert PAGE.read_text() == page(), "run: .venv/bin/python -m hyperpersonal_runtime.reference"


def test_that_it_names_every_call_and_every_kind() -> None:
    text = page()
    assert [name for name in HOST_CALLS if f"### `{name}`" not in text] == []
    assert [kind for kind in examples() if f"| `{kind}:` |" not in text] == []
    assert all(parse(example).text == example for example in examples().values())
