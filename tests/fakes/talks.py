"""Seeded conversations with the demo shop: what shoppers write, one message after the other."""

from collections.abc import Iterator
from random import Random

from hyperpersonal_web.demo_shop.data_generator import generate
from hyperpersonal_web.demo_shop.model import Customer, Order, Product, Records

SEED = 20
ANY, PENDING, DELIVERED = ("", "pending", "delivered")
# A talk's messages, and the status of the order it is about. {order} and {item} are the shopper's
# own; {email} opens them.
TALKS = (
    (ANY, "Where is my order {order}? My e-mail is {email}", "And when was it placed?"),
    (PENDING, "Please cancel my order {order}, I do not need it any more. My e-mail is {email}",
     "yes"),
    (DELIVERED, "I want to return the {item} of order {order}. My e-mail is {email}",
     "yes, please", "yes", "thanks"),
    (PENDING, "Change the address of order {order} to 12 Oak Street, Springfield, IL 62704. I am "
     "{email}", "yes"),
    (ANY, "What is your return policy?", "and for sale items?"),
    (ANY, "Which sizes of the {product} do you have?"),
    (ANY, "The site does not load on my phone", "no, it still does not"),
    (ANY, "I was charged twice for {order}, my e-mail is {email}", "the first one"),
    (PENDING, "Can I swap the {item} in {order} for another one? My mail is {email}",
     "the cheapest", "yes"),
    (PENDING, "Hello!", "Where is {order}? I am {email}", "cancel it then", "yes"),
    (ANY, "I was told {order} is refunded. Is it? {email}"),
    (ANY, "I want to talk to a person"),
)  # fmt: skip


def talks(count: int, seed: int = SEED) -> Iterator[tuple[str, ...]]:
    """So many conversations of different shoppers, the same for the same seed."""
    chance, records = Random(seed), generate()
    orders = list(records.orders.values())
    for number in range(count):
        status, *texts = TALKS[number % len(TALKS)]
        order = chance.choice([one for one in orders if status in ("", one.status)])
        yield tuple(_said(text, records, order, chance) for text in texts)


def _said(text: str, records: Records, order: Order, chance: Random) -> str:
    customer: Customer = records.customers[order.customer_id]
    product: Product = chance.choice(list(records.products.values()))
    item = chance.choice(order.items).name
    known = {"order": order.id, "email": customer.email, "item": item, "product": product.name}
    return text.format(**known)
