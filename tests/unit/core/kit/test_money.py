import pytest
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.money import Money, decimals, parse, total
from hypothesis import given
from hypothesis import strategies as st

amounts = st.integers(-(10**14), 10**14)
currencies = st.sampled_from(["USD", "EUR", "JPY", "BHD"])
moneys = st.builds(Money, amounts, currencies)


@given(moneys)
def test_that_text_and_back_is_the_same(money: Money) -> None:
    assert parse(str(money)) == money


@given(moneys, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_that_a_split_gives_away_everything(money: Money, weights: list[int]) -> None:
    parts = money.split(weights)
    assert total(parts, money.currency) == money
    for part, weight in zip(parts, weights, strict=True):
        exact = money.amount_minor * weight
        assert abs(part.amount_minor * sum(weights) - exact) < sum(weights)
        assert weight or part.amount_minor == 0


@given(amounts, amounts)
def test_that_sums_are_exact(one: int, two: int) -> None:
    a, b = Money(one, "USD"), Money(two, "USD")
    assert (a + b - b, a + -a) == (a, Money(0, "USD"))
    assert (a < b, a <= b, a > b, a >= b) == (one < two, one <= two, one > two, one >= two)


@given(amounts, st.integers(0, 10_000))
def test_that_a_share_is_the_nearest_unit(amount: int, basis_points: int) -> None:
    got = Money(amount, "USD").share(basis_points).amount_minor
    assert abs(got * 10_000 - amount * basis_points) * 2 <= 10_000


@pytest.mark.parametrize(("amount", "got"), [(5, 2), (15, 8), (25, 12), (-5, -2), (-15, -8)])
def test_that_a_half_goes_to_even(amount: int, got: int) -> None:
    assert Money(amount, "USD").share(5_000) == Money(got, "USD")


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("10.50 USD", Money(1050, "USD")),
        ("10.5 USD", Money(1050, "USD")),
        ("-0.01 EUR", Money(-1, "EUR")),
        ("1200 JPY", Money(1200, "JPY")),
        ("1.234 BHD", Money(1234, "BHD")),
    ],
)
def test_that_texts_are_read(text: str, money: Money) -> None:
    assert parse(text) == money


@pytest.mark.parametrize(
    "text",
    ["", "10", "USD 10", "1.5 JPY", "1.234 USD", "1,50 EUR", "10.50 usd", "١ USD", "1e3 USD"],
)
def test_that_other_texts_are_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        parse(text)


def test_that_money_is_whole_and_of_one_currency() -> None:
    for wrong in (1.5, True, "1"):
        with pytest.raises(TypeError):
            Money(wrong, "USD")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(1, "USD") * 0.5  # type: ignore[operator]
    with pytest.raises(TypeError):
        Money(1, "USD").share(0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mix"):
        Money(1, "USD") + Money(1, "EUR")
    with pytest.raises(ValueError, match="capital"):
        Money(1, "usd")
    for weights in ([], [0, 0], [2, -1]):
        with pytest.raises(ValueError, match="weights"):
            Money(1, "USD").split(weights)
    assert Money(3, "USD") * 4 == Money(12, "USD")
    assert [decimals(c) for c in ("USD", "JPY", "KWD")] == [2, 0, 3]
