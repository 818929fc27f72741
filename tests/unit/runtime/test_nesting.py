"""JSON from a guest is nested only so deep, and to find out costs no more than to read it."""

import json
from typing import Any

import pytest
from hyperpersonal_runtime.nesting import NESTING_MAX, too_deep
from hypothesis import given, settings
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.text(alphabet='[]{}"\\ax') | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('[{"\\'), inner),
    max_leaves=40,
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


@given(VALUES, st.integers(0, NESTING_MAX + 5))
@settings(deadline=None)
def test_that_it_says_what_a_walk_would_say(value: Any, wrapped: int) -> None:
    for _ in range(wrapped):
        value = [value, "]", {}]
    assert too_deep(json.dumps(value)) is (depth(value) > NESTING_MAX)


@pytest.mark.parametrize(
    "text", ['"\\' * 60_000, '"' + "[" * 200_000, '["' * 100_000, "[]{}" * 9_999]
)
def test_that_no_text_makes_it_slow(text: str) -> None:
    for _ in range(20):  # linear: 20 times a few ms; a backtracking search took minutes for one
        too_deep(text + "[" * 70)
