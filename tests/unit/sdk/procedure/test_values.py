"""Values found in what shoppers write."""

import pytest
from hyperpersonal_sdk.procedure import money, values


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("where is #W1234567", ["#W1234567"]),
        ("orders W1234567 and #W7654321, W1234567 again", ["#W1234567", "#W7654321"]),
        ("order number 113542617", ["#113542617"]),
        ("I paid $120 on 2026", []),
    ],
)
def test_order_ids(text: str, ids: list[str]) -> None:
    assert values.order_ids(text) == ids


def test_name_and_zip() -> None:
    assert values.name_and_zip("Ada Byron, 80202") == ("Ada", "Byron", "80202")
    assert values.name_and_zip("My name is Ada Byron and my zip code is 80202")
    assert values.name_and_zip("I'm moving soon to Austin, TX, 78701") is None
    assert values.name_and_zip("Ada Byron") is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("via credit_card_1234567.", "credit_card_1234567"),
        ("to my PayPal account", "paypal"),
        ("I'd like store credit", "gift_card"),
        ("the original payment method", "original"),
        ("the card ending in 4242", "last_four:4242"),
        ("not paypal, please", ""),
        ("whatever", ""),
    ],
)
def test_payment(text: str, meant: str) -> None:
    assert values.payment(text) == meant


def test_address_written_out_or_as_a_mapping() -> None:
    expected = {
        "address1": "12 Main Street", "address2": "Suite 4", "city": "Boulder", "state": "CO",
        "country": "USA", "zip": "80301",
    }  # fmt: skip
    assert values.address("ship it to 12 Main Street, Suite 4, Boulder, CO 80301") == expected
    assert values.address(f"change address to {expected}") == expected
    assert values.address("12 Main Street, somewhere") is None


def test_money_in_words() -> None:
    assert money.show(123450) == "$1,234.50"
    assert money.show(-5) == "-$0.05"
    assert money.show(100, "CHF") == "1.00 CHF"


def test_that_a_difference_is_written_so_that_it_comes_out_right() -> None:
    prices = [{"minor": 2000}, {"minor": 3450}]
    assert money.difference(prices, [{"minor": 5000}]) == (450, "20.00 + 34.50 - 50.00 = 4.50")
    assert money.difference([{"minor": 100}], prices) == (-5350, "20.00 + 34.50 - 1.00 = 53.50")
