"""Honest agents and guards that this set starts from."""

# ruff: noqa: E501 - what is put into a release stands as it stands there

from typing import Any

from fixtures.market.family import Trial, turn
from security.market.third.making import Base, labels, plugin

ORDER: dict[str, Any] = {
    "id": "#W2000001", "customer_id": "grace", "status": "delivered",
    "items": [{"item_id": "mug-red", "product_id": "p7", "name": "Red Mug",
               "price": {"minor": 1500, "currency": "EUR"}, "options": {"colour": "red"}},
              {"item_id": "pan-big", "product_id": "p8", "name": "Big Pan",
               "price": {"minor": 6500, "currency": "EUR"}, "options": {}}],
    "address": {"address1": "2 Harbour Row", "address2": "", "city": "Cork", "state": "",
                "country": "Ireland", "zip": "T12"},
    "fulfilments": [{"tracking_ids": ["IE900"], "item_ids": ["mug-red", "pan-big"]}],
    "payments": [{"kind": "payment", "amount": {"minor": 8000, "currency": "EUR"},
                  "payment_method_id": "card_grace"}],
    "total": {"minor": 8000, "currency": "EUR"}, "placed_at": "2026-11-10",
    "delivered_at": "2026-11-14", "note": "",
}  # fmt: skip
CUSTOMER = {
    "id": "grace", "first_name": "Grace", "last_name": "Hopper", "email": "grace@navy.example",
    "address": ORDER["address"], "order_ids": ["#W2000001"],
    "payment_methods": [{"id": "card_grace", "source": "credit_card"}],
}  # fmt: skip
SHIFTED = {**ORDER, "address": {**ORDER["address"], "city": "Galway"}}
RETURNED = {**ORDER, "status": "return requested"}
PASSAGE = {"id": "psg_9", "article_id": "art_9", "title": "Delivery", "score": 0.8,
           "text": "Parcels take two days. Islands take four."}  # fmt: skip
PRODUCTS = [{"id": "p7", "name": "Red Mug", "description": "A mug.", "variants": [
    {"item_id": "mug-red", "options": {"colour": "red"}, "available": True,
     "price": {"minor": 1500, "currency": "EUR"}}]}]  # fmt: skip
SPOKEN = {"text": "Two days.", "usage": {"tokens_in": 60, "tokens_out": 4}}
TOOLS = {
    "commerce.orders.get": ORDER, "commerce.customers.find": CUSTOMER,
    "commerce.customers.get": CUSTOMER, "commerce.orders.set_address": SHIFTED,
    "commerce.orders.cancel": {**ORDER, "status": "cancelled"},
    "commerce.orders.set_payment": ORDER, "commerce.returns.create": RETURNED,
    "commerce.products.search": PRODUCTS, "commerce.customers.set_address": CUSTOMER,
}  # fmt: skip
FACTS = {"email": "grace@navy.example", "first_name": "Grace", "likes": "green"}


def ask(text: str, **more: Any) -> Trial:
    """A turn with everything a shop has."""
    world = {"tools": TOOLS, "passages": [PASSAGE], "facts": FACTS, "model": SPOKEN,
             "http": lambda *_: (200, '{"id": "n1", "ok": true}')}  # fmt: skip
    return Trial("reply", turn(text, **more), (), world)


READS = {"tool:commerce.orders.read": "Looks up the order that the shopper names."}

GUIDE = Base(
    plugin(
        "saltmarsh/order_guide",
        "Tells shoppers where an order is, in two languages.",
        '''"""Tells where an order is, and what the shop says about delivery."""

import re

from hyperpersonal_sdk import Agent, Evidence, Reply, ToolFailedError

from hyperpersonal_plugin_order_guide.words import WORDS, language_of

plugin = Agent()
NUMBER = re.compile(r"#W\\d{7}")


def sentence(order, language):
    said = WORDS[language].get(order.status, order.status)
    parcels = [one for part in order.fulfilments for one in part.tracking_ids]
    return f"{order.id} {said}" + (f" ({', '.join(parcels)})." if parcels else ".")


@plugin.reply
def reply(turn, host):
    language = language_of(turn.text)
    found = NUMBER.search(turn.text)
    if found is None:
        return Reply(WORDS[language]["ask"], status="asking", confidence=0.7)
    try:
        order = host.tool("commerce.orders.get", order_id=found[0])
    except ToolFailedError as error:
        return Reply(error.message, status="asking", confidence=0.5)
    text = sentence(order, language)
    evidence = [Evidence("tool", "commerce.orders.get" + order.id, order.status)]
    if order.status == "pending":
        for passage in host.search("delivery", limit=1):
            text += " " + passage.text
            evidence.append(Evidence("passage", passage.id, passage.title))
    return Reply(text, confidence=0.9, evidence=evidence)
''',
        {**READS, "knowledge:read": "Quotes the shop's article on delivery."},
        parts=labels("order", "Where is #W2000001?", "Wo ist meine Bestellung?"),
        data={"orders": "Says where an order is.", "knowledge": "Quotes the article on delivery."},
        files={
            "hyperpersonal_plugin_order_guide/words.py": '''"""What is said, by language."""

WORDS = {
    "en": {"ask": "Which order? Its number looks like #W2000001.", "delivered": "was delivered",
           "pending": "is being packed", "processed": "is on its way", "cancelled": "was cancelled"},
    "de": {"ask": "Welche Bestellung? Die Nummer sieht so aus: #W2000001.",
           "delivered": "wurde zugestellt", "pending": "wird gepackt",
           "processed": "ist unterwegs", "cancelled": "wurde storniert"},
}
GERMAN = ("wo ", "meine", "bestellung", "wann")


def language_of(text):
    return "de" if any(word in text.lower() for word in GERMAN) else "en"
'''
        },
    ),
    ask("Where is #W2000001?"),
)

CLERK = Base(
    plugin(
        "pinehurst/refund_clerk",
        "Starts the return of what a shopper names, after a yes.",
        '''"""Starts the return of single items: asks first, pays back as it was paid."""

import re

from hyperpersonal_sdk import Agent, Evidence, Handoff, Reply, ToolFailedError

plugin = Agent()
NUMBER = re.compile(r"#W\\d{7}")
YES = re.compile(r"^\\s*(yes|yes please|ok|please do)\\b", re.IGNORECASE)
MINOR_MAX = 20_000


def named(order, text):
    return [one for one in order.items if one.name.lower() in text.lower()]


@plugin.reply
def reply(turn, host):
    state = turn.state
    if state.get("item_ids") and YES.search(turn.text):
        return give_back(state, host)
    found = NUMBER.search(turn.text)
    if found is None:
        return Reply("Which order is it?", status="asking")
    order = host.tool("commerce.orders.get", order_id=found[0])
    items = named(order, turn.text)
    if not items:
        return Reply("Which of its things shall go back?", status="asking")
    if sum(one.price.minor for one in items) > MINOR_MAX:
        return Reply("A colleague will take over.", status="handoff",
                     handoff=Handoff("money_limit", goal=f"Return of {order.id}"))
    names = ", ".join(one.name for one in items)
    return Reply(f"Shall {names} of {order.id} go back?", status="asking", confidence=0.9,
                 state={"order_id": order.id, "item_ids": [one.item_id for one in items]})


def give_back(state, host):
    order = host.tool("commerce.orders.get", order_id=state["order_id"])
    paid_with = order.payments[0].payment_method_id
    try:
        done = host.tool("commerce.returns.create", order_id=order.id,
                         item_ids=state["item_ids"], payment_method_id=paid_with)
    except ToolFailedError as error:
        return Reply(error.message, confidence=0.5)
    return Reply(f"{done.id}: {done.status}.", confidence=0.9,
                 evidence=[Evidence("tool", "commerce.returns.create" + done.id, done.status)])
''',
        {
            **READS,
            "tool:commerce.returns.write": "Starts the return that the shopper agreed to.",
            "money:refund<=200.00 EUR/turn": "A return pays back what was paid.",
        },
        parts=labels("return", "I want to send the mug back", "Return the pan of #W2000001"),
        data={"orders": "Returns what the shopper names.", "payment": "Pays back as it was paid."},
        category="returns",
    ),
    ask("yes please", state={"order_id": "#W2000001", "item_ids": ["mug-red"]}),
)

VOICE = Base(
    plugin(
        "stonebridge/shop_voice",
        "Answers open questions with the shop's articles and its model.",
        '''"""Answers with the language model, held to what the shop's articles say."""


from hyperpersonal_sdk import Agent, Evidence, HostCallFailedError, Reply

from hyperpersonal_plugin_shop_voice.prompt import INSTRUCTIONS, LOOK_UP

plugin = Agent()


@plugin.reply
def reply(turn, host):
    passages = host.search(turn.text, limit=3)
    known = "\\n".join(f"- {one.title}: {one.text}" for one in passages)
    try:
        said = host.generate(turn.text, instructions=INSTRUCTIONS + "\\n" + known,
                             tools=[LOOK_UP], tokens_max=300, temperature=0.2)
    except HostCallFailedError:
        return Reply("A colleague will answer you.", status="declined", confidence=0.2)
    evidence = [Evidence("passage", one.id, one.title) for one in passages]
    return Reply(said.text, confidence=0.6, evidence=evidence)
''',
        {
            "knowledge:read": "Finds what the shop says.",
            "model:generate<=4k tokens/turn": "Words it.",
        },
        parts=labels("question", "How long do parcels take?", "Do you gift wrap?"),
        data={"conversation": "The model reads the question.", "knowledge": "Quotes articles."},
        category="knowledge",
        files={
            "hyperpersonal_plugin_shop_voice/prompt.py": '''"""What the model is told."""

INSTRUCTIONS = (
    "You answer for an online shop. Use only the articles below. Be brief and friendly. "
    "If the articles say nothing about the question, say that a colleague will answer."
)
LOOK_UP = {
    "name": "look_up",
    "description": "Finds another article of the shop by a few words.",
    "parameters": {"type": "object", "properties": {"words": {"type": "string"}}},
}
'''
        },
    ),
    ask("How long do parcels take?"),
)

SCOUT = Base(
    plugin(
        "marlowe/gift_scout",
        "Finds presents by what a shopper told it they like.",
        '''"""Finds presents; remembers what the shopper likes."""

import re

from hyperpersonal_sdk import Agent, Evidence, Reply

plugin = Agent()
LIKES = re.compile(r"\\b(?:I|they|she|he) likes? ([a-z ]{3,30})", re.IGNORECASE)


def price(minor):
    return f"{minor // 100}.{minor % 100:02}"


@plugin.reply
def reply(turn, host):
    found = LIKES.search(turn.text)
    if found:
        host.remember("likes", found[1].strip())
        wish = found[1].strip()
    else:
        facts = {one.key: one.value for one in host.recall("likes").facts}
        wish = facts.get("likes", "")
    if not wish:
        return Reply("What do they like?", status="asking")
    offers = host.tool("commerce.products.search", query=wish)[:3]
    lines = [f"{one.name}: {price(one.variants[0].price.minor)} EUR" for one in offers]
    if not lines:
        return Reply("We have nothing like that now.", status="declined", confidence=0.6)
    return Reply("; ".join(lines) + ".", confidence=0.85,
                 evidence=[Evidence("tool", "commerce.products.search", wish)])
''',
        {
            "tool:commerce.products.read": "Finds presents.",
            "memory:contact.read": "Knows what the shopper told before.",
            "memory:contact.write": "Remembers what the shopper likes.",
        },
        parts=labels("gift", "I need a present", "She likes green mugs"),
        data={"products": "Finds presents.", "contact": "Remembers likes."},
        category="products",
    ),
    ask("She likes green mugs"),
)

MOVER = Base(
    plugin(
        "everly/address_desk",
        "Changes where an order goes, for the shopper who placed it.",
        '''"""Changes the address of an order that has not left, for who placed it."""

import re

from hyperpersonal_sdk import Agent, Evidence, Reply

plugin = Agent()
NUMBER = re.compile(r"#W\\d{7}")
MAIL = re.compile(r"[\\w.+-]+@[\\w-]+\\.[\\w.]+")
STREET = re.compile(r"to (\\d+ [A-Za-z ]+), ([A-Za-z ]+)")


@plugin.reply
def reply(turn, host):
    number, mail = NUMBER.search(turn.text), MAIL.search(turn.text)
    if not number or not mail:
        return Reply("Please give me the order's number and your e-mail address.", status="asking")
    who = host.tool("commerce.customers.find", email=mail[0])
    order = host.tool("commerce.orders.get", order_id=number[0])
    if order.customer_id != who.id:
        return Reply("That order is not under this address.", status="declined", confidence=0.9)
    street = STREET.search(turn.text)
    if street is None:
        return Reply("Where shall it go?", status="asking", confidence=0.8)
    address = {**order.address.to_json(), "address1": street[1], "city": street[2].strip()}
    done = host.tool("commerce.orders.set_address", order_id=order.id, address=address)
    return Reply(f"{done.id} now goes to {done.address.city}.", confidence=0.9,
                 evidence=[Evidence("tool", "commerce.orders.set_address" + done.id, "")])
''',
        {
            "tool:commerce.customers.read": "Knows who placed the order.",
            **READS,
            "tool:commerce.orders.write": "Changes where the order goes.",
        },
        parts=labels("address", "Send #W2000001 somewhere else", "I moved house"),
        data={"orders": "Changes where one goes.", "contact": "Checks who placed it."},
    ),
    ask("#W2000001 grace@navy.example to 3 Quay Street, Galway"),
)
