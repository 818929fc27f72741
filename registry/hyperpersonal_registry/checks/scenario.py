"""Talks and calls made up for a plugin, the same for every release of it.

What shoppers say comes from the manifest's own examples and from a few sentences about orders,
money and people. Each talk is tried today, and some again much later, at night, with other chances
and another shop: a release that waits for its hour has it here.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import msgspec

from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_registry.checks.scene import NOW, Json, Scene
from hyperpersonal_registry.checks.tool_calls import calls, config_of
from hyperpersonal_registry.checks.worlds import encoded, passage, shaped

LATER = ((400, 3, 255), (45, 23, 127))  # days, hour, chance
EXAMPLES_MAX, LATER_SCENES = 8, 4
LARGE_MINOR = 5_000_000

_SAID = (
    "Hello", "Where is order #W1000003?", "I want to return the Desk Lamp of order #W1000001",
    "I want my money back for order #W1000001, it arrived broken",
    "Please cancel order #W1000002, I no longer need it",
    "Change the address of order #W1000002 to 1 Analytical Way, Denver, CO 80202",
    "Do you have the Backpack in small?", "I want to talk to a person",
)  # fmt: skip
_THEN = ("My email is ada@example.com, the order is #W1000001, zip 80202", "yes")
_WISHES = (
    "Change the address of order #W1000002 to 1 Analytical Way, Denver, CO 80202",
    "I want to return the Desk Lamp of order #W1000001",
    "Please cancel order #W1000002",
)
_OWNER, _STRANGER = "ada", "bob"  # the orders above are hers
_REPLIES = (
    "Your order is on its way.", "See https://example.com/track/1 or write to help@example.com.",
    "Your card 4111 1111 1111 1111 was charged 25.00 USD.", "", "Lieferung in 3 Tagen.",
)  # fmt: skip
_BODIES = (
    '{"id":"m1","from":"+15550100","to":"+15550111","text":"Where is #W1000001?",'
    '"message":{"id":"m1","text":"Where is #W1000001?"},"sender":{"id":"c1"}}',
    "From=%2B15550100&To=%2B15550111&Body=Where+is+it&MessageSid=m1",
    "m1|+15550100|Where is #W1000001?",
)


def scenes(plays: Iterable[Play]) -> list[Scene]:
    """What these releases of one plugin are both tried with."""
    releases = list(plays)
    today = [scene for hook in hooks_of(releases) for scene in scenes_of(hook, releases)]
    later = [
        msgspec.structs.replace(
            scene, name=f"{scene.name}, {days} days later", chance=chance,
            now=(NOW + timedelta(days=days)).replace(hour=hour),
            payloads=tuple({**one, "tenant_name": "North & Co"} if "tenant_name" in one else one
                           for one in scene.payloads),
        )
        for days, hour, chance in LATER
        for scene in _spread(today, LATER_SCENES)
    ]  # fmt: skip
    return [*today, *later, *_rare(today)]


def _rare(today: list[Scene]) -> Iterator[Scene]:
    """Talks of a large order, and of what no article tells."""
    talks = [scene for scene in today if scene.hook == "reply"]
    for scene in talks[:2]:
        payloads = tuple({**one, "passages": [], "facts": []} for one in scene.payloads)
        yield msgspec.structs.replace(
            scene, name=f"{scene.name}, and nothing is known", payloads=payloads, knows=False
        )
    for scene in talks:
        if "return" in scene.name:
            yield msgspec.structs.replace(
                scene, name=f"{scene.name}, a large order", total=LARGE_MINOR
            )


def payload_of(play: Play, hook: str) -> bytes:
    """One payload of a hook."""
    found = next(iter(scenes_of(hook, [play])), None)
    return msgspec.json.encode(found.payloads[0] if found else {})


def hooks_of(plays: list[Play]) -> list[str]:
    """The hooks any of them serves."""
    return list(dict.fromkeys(hook for play in plays for hook in play.manifest.hooks))


def _spread(found: list[Scene], count: int) -> list[Scene]:
    return found[:: max(1, len(found) // count)][:count]


def scenes_of(hook: str, plays: list[Play]) -> Iterator[Scene]:
    """What is tried with one hook."""
    made = {
        "reply": _talks, "route": _talks, "call_tool": calls, "review_reply": _reviews,
        "parse_inbound": _inbound, "handle_webhook": _inbound, "deliver": _deliveries,
        "generate": _asks,
    }  # fmt: skip
    if hook in made:
        shape = {name: inner for play in plays for name, inner in play.shape.items()}
        found = [msgspec.structs.replace(one, shape=shape) for one in made[hook](hook, plays)]
        yield from [*_bodies(hook, shape), *found]
    else:
        about: Json = {"installation_id": "installation", "config": config_of(plays[-1])}
        more = {"contact": {"id": "contact"}, "contact_id": "contact", "cursor": "", "limit": 10}
        shape = {name: inner for play in plays for name, inner in play.shape.items()}
        yield Scene(hook, hook, ({**about, **more},), shape=shape)


def _talks(hook: str, plays: list[Play]) -> Iterator[Scene]:
    examples = [
        text
        for play in plays
        for intent in (play.manifest.agent.intents if play.manifest.agent else [])
        for text in intent.examples
    ]
    first = _spread_texts(list(dict.fromkeys(examples)), EXAMPLES_MAX)
    for text in dict.fromkeys((*_SAID, *first)):
        known = {"customer_id": "ada"} if "#W" in text else {}
        talk = tuple(_turn(one, known) for one in (text, *_THEN))
        yield Scene(text, hook, talk, carries=True)
    for who in (_OWNER, _STRANGER):
        yield from _wishes(hook, who)


def asked_about(order_id: str) -> Scene:
    """Where an order is, asked by who placed it."""
    text = f"Where is order {order_id}?"
    return Scene(text, "reply", (_turn(text, {"customer_id": _OWNER}),))


def _wishes(hook: str, who: str) -> Iterator[Scene]:
    """All said in one message, by the owner of an order and by somebody else."""
    for wish in _WISHES:
        text = f"{wish}. My email is {who}@example.com, zip 80202."
        contact = {"id": who, "display_name": who.capitalize(), "email": f"{who}@example.com"}
        talk = tuple({**_turn(one, {}), "contact": contact} for one in (text, "yes"))
        yield Scene(text, hook, talk, carries=True, deep=who == _OWNER)


def _spread_texts(texts: list[str], count: int) -> list[str]:
    return texts[:: max(1, -(-len(texts) // count))]


def _turn(text: str, shared: Json) -> Json:
    return {
        "turn_id": "turn", "conversation_id": "conversation", "tenant_name": "Example shop",
        "channel": "web", "text": text, "messages": [text], "history": [], "facts": [],
        "contact": {"id": "contact", "display_name": "Ada", "email": "ada@example.com"},
        "passages": [passage("Returns", "You may return items within 30 days of delivery.")],
        "state": {}, "shared": shared, "now": NOW.isoformat(),
    }  # fmt: skip


def _reviews(hook: str, _: list[Play]) -> Iterator[Scene]:
    for text in _REPLIES:
        reply = {"text": text, "status": "done", "confidence": 0.8, "evidence": []}
        yield Scene(f"a reply: {text[:30]}", hook, ({"question": "Where is it?", "reply": reply},))


def _inbound(hook: str, _: list[Play]) -> Iterator[Scene]:
    headers = {"content-type": "application/json", "x-signature": "0" * 64}
    for number, body in enumerate(_BODIES, 1):
        request = {"method": "POST", "path": "/in", "headers": headers, "body": body}
        yield Scene(f"request {number}", hook, (request,))


def _bodies(hook: str, shape: Json) -> Iterator[Scene]:
    """A request whose body is what the sources read."""
    if shape and hook in ("parse_inbound", "handle_webhook"):
        body = encoded(shaped(shape, {}))
        request = {"method": "POST", "path": "/in", "headers": {}, "body": body}
        yield Scene("a request as it is read", hook, (request,), shape=shape)


def _deliveries(hook: str, _: list[Play]) -> Iterator[Scene]:
    for text in ("Your order is on its way.", "Ja, gern. 🙂"):
        message: Json = {"id": "m1", "conversation_ref": "+15550100", "text": text, "meta": {}}
        yield Scene(f"a delivery: {text}", hook, (message,))


def _asks(hook: str, plays: list[Play]) -> Iterator[Scene]:
    talk = [{"role": "user", "text": "Where is my parcel? My email is ada@example.com."}]
    tools = [{"name": "find", "description": "Finds.", "input_schema": {"type": "object"}}]
    asks: tuple[Json, ...] = ({}, {"tools": tools}, {"instructions": "Be brief."})
    for number, more in enumerate(asks, 1):
        ask = {"messages": talk, "tokens_max": 100, "config": config_of(plays[-1]), **more}
        yield Scene(f"ask {number}", hook, (ask,))
