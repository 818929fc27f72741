"""Seeded shoppers who say it the hard way: only what they mean is done."""

from random import Random
from typing import Any

import pytest
from hyperpersonal_web.demo_shop.model import Customer, Order, Records

SEEDS = range(12)


def shopper_with(records: Records, seed: int, status: str) -> tuple[Customer, Order]:
    """A customer whose one order of this status holds several different things."""
    fits = []
    for customer in records.customers.values():
        orders = [records.orders[name] for name in customer.order_ids]
        found = [order for order in orders if order.status == status]
        if len(found) == 1:
            names = [item.name for item in found[0].items]
            if len(names) > 1 and len(set(names)) == len(names):
                fits.append((customer, found[0]))
    return Random(seed).choice(fits)


def talk(platform: Any, customer: Customer, opening: str) -> list[Any]:
    """Opening, e-mail, the original method when asked, and yes to everything; the writes."""
    reply = platform.say(opening)
    for _ in range(6):
        if "e-mail" in reply:
            reply = platform.say(customer.email)
        elif "payment method" in reply:
            reply = platform.say("the original payment method")
        elif "go ahead" in reply:
            reply = platform.say("yes")
    return list(platform.shop.writes)


@pytest.mark.parametrize("seed", SEEDS)
def test_that_one_thing_of_a_pending_order_is_not_cancelled_as_a_whole(
    seed: int, open_platform: Any, records: Records
) -> None:
    customer, order = shopper_with(records, seed, "pending")
    name = order.items[0].name
    said = f"Please remove the {name} from my pending order. I no longer need it, keep the rest."
    assert talk(open_platform(), customer, said) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_that_a_corrected_return_takes_the_corrected_thing(
    seed: int, open_platform: Any, records: Records
) -> None:
    customer, order = shopper_with(records, seed, "delivered")
    first, second = order.items[0], order.items[1]
    said = f"Return the {first.name} of {order.id}. No, sorry, the {second.name}."
    writes = talk(open_platform(), customer, said)
    assert [one.args["item_ids"] for one in writes] == [[second.item_id]]


@pytest.mark.parametrize("seed", SEEDS)
def test_that_a_condition_that_is_not_met_writes_nothing(
    seed: int, open_platform: Any, records: Records
) -> None:
    customer, order = shopper_with(records, seed, "pending")
    total = sum(item.price for item in order.items) // 100
    said = f"If order {order.id} is more than ${total + 50} in total then cancel it, not needed."
    assert talk(open_platform(), customer, said) == []
    said = f"If order {order.id} is less than ${total + 50} in total then cancel it, not needed."
    assert [one.tool for one in talk(open_platform(), customer, said)] == ["cancel_pending_order"]


@pytest.mark.parametrize("seed", SEEDS)
def test_that_all_but_one_goes_back(seed: int, open_platform: Any, records: Records) -> None:
    customer, order = shopper_with(records, seed, "delivered")
    kept = order.items[-1]
    said = f"Send back everything from {order.id} except the {kept.name}."
    writes = talk(open_platform(), customer, said)
    expected = sorted(item.item_id for item in order.items if item is not kept)
    assert [sorted(one.args["item_ids"]) for one in writes] == [expected]
