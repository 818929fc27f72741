"""Seeded shoppers with orders of the generated shop: what they ask for is done, and nothing else;
and no reply says a number, date or status that no tool, article or shopper said before."""

from random import Random
from typing import Any

import pytest
from hyperpersonal_web.demo_shop.expected import expected_state
from hyperpersonal_web.demo_shop.model import Action, Customer, Item, Order, Records
from hyperpersonal_web.evaluate.shopper import NOTHING_ELSE, TURNS_MAX, Product, Shopper, Task
from hyperpersonal_web.evaluate.tasks import write_key

SEEDS = range(40)


def written(options: dict[str, str]) -> str:
    return str(options)


class Wishes:
    """Draws what a contact may want of their orders, and the words for it."""

    def __init__(self, records: Records, seed: int) -> None:
        self._records = records
        self._random = Random(seed)

    def draw(self) -> tuple[Customer, str, list[Action]]:
        """A customer with open orders, a message, and the writes it asks for."""
        while True:
            customer = self._random.choice(list(self._records.customers.values()))
            orders = [self._records.orders[name] for name in customer.order_ids]
            wishes = [w for o in orders if (w := self._wish(customer, o)) is not None]
            if wishes:
                said = " ".join(text for text, _ in wishes)
                return customer, said, [action for _, action in wishes]

    def _wish(self, customer: Customer, order: Order) -> tuple[str, Action] | None:
        paid = order.payments[0].payment_method_id
        if order.status == "pending" and self._random.random() < 0.5:
            reason = self._random.choice(["no longer needed", "ordered by mistake"])
            args = {"order_id": order.id, "reason": reason}
            return f"Cancel order {order.id} because {reason}.", Action(
                "cancel_pending_order", args
            )
        if order.status == "delivered" and self._random.random() < 0.5:
            return self._return(order, paid)
        if order.status in ("pending", "delivered"):
            return self._swap(customer, order)
        return None

    def _return(self, order: Order, paid: str) -> tuple[str, Action] | None:
        names = [item.name for item in order.items]
        kept = [item for item in order.items if names.count(item.name) == 1]
        if not kept:
            return None
        chosen = self._random.sample(kept, self._random.randint(1, len(kept)))
        args = {
            "order_id": order.id,
            "item_ids": [item.item_id for item in chosen],
            "payment_method_id": paid,
        }
        listed = "; ".join(item.name for item in chosen)
        text = f"Return {order.id} via {paid}: {listed};"
        return text, Action("return_delivered_order_items", args)

    def _swap(self, customer: Customer, order: Order) -> tuple[str, Action] | None:
        item = self._random.choice(order.items)
        others = self._variants(item)
        cards = [m.id for m in customer.payment_methods.values() if m.balance is None]
        if not others or not cards or [i.name for i in order.items].count(item.name) > 1:
            return None
        new = self._random.choice(others)
        verb = "exchange" if order.status == "delivered" else "modify"
        tool = {
            "exchange": "exchange_delivered_order_items", "modify": "modify_pending_order_items",
        }[verb]  # fmt: skip
        args = {
            "order_id": order.id, "item_ids": [item.item_id], "new_item_ids": [new.item_id],
            "payment_method_id": cards[0],
        }  # fmt: skip
        text = (
            f"For {order.id}, {verb} {item.name} {written(item.options)} to "
            f"{written(new.options)}; via {cards[0]}."
        )
        return text, Action(tool, args)

    def _variants(self, item: Item) -> list[Any]:
        variants = self._records.products[item.product_id].variants.values()
        return [v for v in variants if v.available and v.options != item.options]


def hold(platform: Any, records: Records, task: Task) -> list[str]:
    """Talk until nothing is asked any more; what was said, in turns."""
    variants = {
        v.item_id: Product(p.name, v.options)
        for p in records.products.values()
        for v in p.variants.values()
    }
    shopper, text, said = Shopper(task, variants), task.opening, []
    for _ in range(TURNS_MAX):
        reply = platform.say(text)
        said += [text, reply]
        text = shopper.answer(reply)
        if platform.handed_over or (text == NOTHING_ELSE and "?" not in reply):
            break
    return said


def task_of(customer: Customer, opening: str, actions: list[Action]) -> Task:
    answers = {
        "email": customer.email, "first_name": customer.first_name,
        "last_name": customer.last_name, "zip": customer.address.zip, "confirm": "yes",
    }  # fmt: skip
    raw = [{"tool": action.tool, "args": action.args} for action in actions]
    return Task("t", customer.id, opening, "", answers, raw, raw)


@pytest.mark.parametrize("seed", SEEDS)
def test_that_what_is_asked_for_is_done_and_nothing_else(
    seed: int, open_platform: Any, records: Records
) -> None:
    customer, opening, actions = Wishes(records, seed).draw()
    platform = open_platform()
    said = hold(platform, records, task_of(customer, opening, actions))
    done = sorted(write_key(one.tool, one.args) for one in platform.shop.writes)
    assert done == sorted(write_key(one.tool, one.args) for one in actions), said
    left = platform.shop.records.since(records).digest()
    assert left == expected_state(records, actions).digest
    assert platform.unsupported == [], said


@pytest.mark.parametrize("seed", SEEDS)
def test_that_a_no_at_the_end_writes_nothing(
    seed: int, open_platform: Any, records: Records
) -> None:
    customer, opening, actions = Wishes(records, seed).draw()
    task = task_of(customer, opening, actions)
    task.answers["confirm"] = "no"
    platform = open_platform()
    hold(platform, records, task)
    assert platform.shop.writes == []
    assert platform.unsupported == []


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_that_another_contacts_order_is_never_touched(
    seed: int, open_platform: Any, records: Records
) -> None:
    customer, opening, actions = Wishes(records, seed).draw()
    stranger = next(c for c in records.customers.values() if c.id != customer.id)
    platform = open_platform()
    hold(platform, records, task_of(stranger, opening, actions))
    assert platform.shop.writes == []
