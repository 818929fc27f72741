"""Version ranges mean what npm's and Cargo's mean."""

import pytest
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_marketplace.bundles import ranges
from hypothesis import given
from hypothesis import strategies as st

NUMBERS = st.integers(0, 30)
VERSIONS = st.tuples(NUMBERS, NUMBERS, NUMBERS)


@pytest.mark.parametrize(
    ("text", "fits", "not_fits"),
    [
        ("*", ["0.0.1", "9.9.9"], ["1.0.0-rc.1"]),
        ("1.2.3", ["1.2.3"], ["1.2.4", "1.2.3-rc.1"]),
        ("=1.2", ["1.2.0", "1.2.9"], ["1.3.0", "1.1.9"]),
        ("1", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.9"]),
        ("^1.2", ["1.2.0", "1.99.0"], ["2.0.0", "1.1.9", "2.0.0-rc.1", "1.5.0-rc.1"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0", "0.2.2"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^0", ["0.0.0", "0.9.9"], ["1.0.0"]),
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0"]),
        ("~1", ["1.0.0", "1.9.0"], ["2.0.0"]),
        (">=1.0 <2.0", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.9", "2.0.0-rc.1"]),
        (">1.2", ["1.3.0"], ["1.2.9"]),
        ("<=1.2", ["1.2.9", "0.1.0"], ["1.3.0"]),
        ("<=1.2.3", ["1.2.3"], ["1.2.4"]),
        (">=1.2.0-rc.2", ["1.2.0-rc.2", "1.2.0-rc.10", "3.0.0"], ["1.2.0-rc.1", "1.3.0-rc.1"]),
    ],
)  # fmt: skip
def test_that_a_range_holds_these_and_not_those(
    text: str, fits: list[str], not_fits: list[str]
) -> None:
    wanted = ranges.parse(text)
    assert [version for version in fits if not wanted.fits(version)] == []
    assert [version for version in not_fits if wanted.fits(version)] == []


@pytest.mark.parametrize("text", ["", "1.x", "latest", "^", ">=1.0 || <2", "1.2.3+b", "01.2.3",
                                  "^1.2.3.4", "* *", "1" * 101, "٣.0.0"])  # fmt: skip
def test_that_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(RefusedError, match=r"\^1\.2"):
        ranges.parse(text)


@given(VERSIONS, VERSIONS)
def test_that_a_caret_never_lets_a_breaking_version_in(
    low: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    fits = ranges.parse("^{}.{}.{}".format(*low)).fits("{}.{}.{}".format(*other))
    first = next((at for at in range(3) if low[at]), 2)
    assert fits == (other >= low and other[: first + 1] == low[: first + 1])
