"""Seeded conversations with the demo shop: what shoppers write, one message after the other."""

from collections.abc import Iterator
from random import Random

from hyperpersonal_web.demo_shop.data_generator import generate
from hyperpersonal_web.demo_shop.model import Customer, Order, Product, Records

SEED = 20
# A talk's messages. {order} and {item} are the shopper's own; {email} opens them.
TALKS = (
    ("Where is my order {order}? My e-mail is {email}", "And when was it placed?"),
    ("Please cancel my order {order}, I do not need it any more. My e-mail is {email}", "yes"),
    ("I want to return the {item} of order {order}. My e-mail is {email}", "yes, please", "thanks"),
    ("Change the address of order {order} to 12 Oak Street, Springfield, IL 62704. I am {email}",
     "yes"),
    ("What is your return policy?", "and for sale items?"),
    ("Which sizes of the {product} do you have?",),
    ("The site does not load on my phone", "no, it still does not"),
    ("I was charged twice for {order}, my e-mail is {email}", "the first one"),
    ("Can I swap the {item} in {order} for another one? My mail is {email}", "the cheapest", "yes"),
    ("Hello!", "Where is {order}? I am {email}", "cancel it then", "yes"),
    ("I was told {order} is refunded. Is it? {email}",),
    ("I want to talk to a person",),
)  # fmt: skip


def talks(count: int, seed: int = SEED) -> Iterator[tuple[str, ...]]:
    """So many conversations of different shoppers, the same for the same seed."""
    chance, records = Random(seed), generate()
    orders = list(records.orders.values())
    for number in range(count):
        order = chance.choice(orders)
        yield tuple(_said(text, records, order, chance) for text in TALKS[number % len(TALKS)])


def _said(text: str, records: Records, order: Order, chance: Random) -> str:
    customer: Customer = records.customers[order.customer_id]
    product: Product = chance.choice(list(records.products.values()))
    item = chance.choice(order.items).name
    known = {"order": order.id, "email": customer.email, "item": item, "product": product.name}
    return text.format(**known)
