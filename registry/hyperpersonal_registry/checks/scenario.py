"""Talks and calls made up for a plugin, the same for every release of it.

What shoppers say comes from the manifest's own examples and from a few sentences about orders,
money and people. Each talk is tried today, and some again much later, at night, with other chances
and another shop: a release that waits for its hour has it here.
"""

import ast
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hyperpersonal_runtime.api import World
from hyperpersonal_sdk.checks.python_words import Constants
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.testing.small_shop import HOME, SmallShop, usd
from msgspec import Struct

from hyperpersonal_registry.checks.examination import Play

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
LATER = ((400, 3, 255), (45, 23, 127))  # days, hour, chance
KEY = "key-1f0c"
EXAMPLES_MAX, TOOLS_MAX, LATER_SCENES = 8, 30, 4
LARGE_MINOR = 5_000_000
Json = dict[str, Any]

_SAID = (
    "Hello", "Where is order #W1000003?", "I want to return the Desk Lamp of order #W1000001",
    "I want my money back for order #W1000001, it arrived broken",
    "Please cancel order #W1000002, I no longer need it",
    "Change the address of order #W1000002 to 1 Analytical Way, Denver, CO 80202",
    "Do you have the Backpack in small?", "I want to talk to a person",
)  # fmt: skip
_THEN = ("My email is ada@example.com, the order is #W1000001, zip 80202", "yes")
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


class Scene(Struct, frozen=True):
    """Hook calls that follow each other in one world. `carries`: state goes on from reply to
    reply; `chance`: see Stage.run; `word`, `total`: where the shop's orders come from and what
    they sum up to, in minor units, when a scene is about that; `knows`: whether there are articles
    and facts."""

    name: str
    hook: str
    payloads: tuple[Json, ...]
    now: datetime = NOW
    chance: int = 0
    carries: bool = False
    word: str = ""
    total: int = 0
    knows: bool = True


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


def world(scene: Scene) -> World:
    """The fakes of one scene: a small shop, some knowledge, an answering web, a store."""
    shop = SmallShop().tools

    def tool(name: str, arguments: Json) -> Any:
        if name in shop:
            try:
                return _staged(shop[name](arguments), scene)
            except (KeyError, TypeError, AttributeError):
                return _answer(name)
        return _answer(name)

    return World(
        tools=tool,
        passages=_ARTICLES if scene.knows else [],
        facts={"size": "M", "language": "en"} if scene.knows else {},
        http=lambda _method, url, _headers, _body: (200, _encoded(_answer(url))),
        model={"text": "Parcels take 3 to 5 days. Sources: s1", "stop": "end",
               "usage": {"tokens_in": 10, "tokens_out": 10}},
        kv=_Used() if scene.chance else {},
    )  # fmt: skip


def _staged(found: Any, scene: Scene) -> Any:
    """An order, a customer as the scene wants them."""
    if not isinstance(found, dict) or not (scene.word or scene.total):
        return found
    made = dict(found)
    if scene.word and isinstance(made.get("address"), dict):
        place = dict.fromkeys(("country", "state", "city"), scene.word)
        made["address"] = {**made["address"], **place}
    if scene.total and "total" in made:
        made["total"] = {**made["total"], "minor": scene.total}
    return made


def payload_of(play: Play, hook: str) -> bytes:
    """One payload of a hook."""
    found = next(iter(scenes_of(hook, [play])), None)
    return msgspec.json.encode(found.payloads[0] if found else {})


class _Used(dict[str, str]):
    """A store in which every counter has counted for long."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, default if default is not None else "5000")


def _answer(about: str) -> Json:
    """An answer with something for everybody who looks for a field."""
    return {
        "id": "x1", "ok": True, "status": "ok", "name": "Sample", "title": "Sample", "url": about,
        "email": "ada@example.com", "text": "Sample", "message": "ok", "order_id": "#W1000001",
        "balance": usd(2500), "amount": usd(2500), "total": usd(2500), "price": usd(2500),
        "items": [], "results": [], "data": {}, "lines": [], "rates": {"USD": 1.0, "EUR": 0.9},
        "valid": True, "active": True, "points": 120, "quantity": 3, "available": True,
        "status_text": "in transit", "delivered_at": "2026-01-10", "placed_at": "2026-01-05",
    }  # fmt: skip


def _encoded(value: Json) -> str:
    return msgspec.json.encode(value).decode()


def _passage(title: str, text: str) -> Json:
    about = {"id": f"p-{title}", "article_id": f"a-{title}", "title": title, "score": 0.9}
    return {**about, "text": text}


_ARTICLES = [
    _passage("Returns", "You may return items within 30 days of delivery."),
    _passage("Shipping", "Parcels take 3 to 5 days. Shipping is free over 50 USD."),
]


def hooks_of(plays: list[Play]) -> list[str]:
    """The hooks any of them serves."""
    return list(dict.fromkeys(hook for play in plays for hook in play.manifest.hooks))


def _spread(found: list[Scene], count: int) -> list[Scene]:
    return found[:: max(1, len(found) // count)][:count]


def scenes_of(hook: str, plays: list[Play]) -> Iterator[Scene]:
    """What is tried with one hook."""
    made = {
        "reply": _talks, "route": _talks, "call_tool": _calls, "review_reply": _reviews,
        "parse_inbound": _inbound, "handle_webhook": _inbound, "deliver": _deliveries,
        "generate": _asks,
    }  # fmt: skip
    if hook in made:
        yield from made[hook](hook, plays)
    else:
        about: Json = {"installation_id": "installation", "config": config_of(plays[-1])}
        more = {"contact": {"id": "contact"}, "contact_id": "contact", "cursor": "", "limit": 10}
        yield Scene(hook, hook, ({**about, **more},))


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


def _spread_texts(texts: list[str], count: int) -> list[str]:
    return texts[:: max(1, -(-len(texts) // count))]


def _turn(text: str, shared: Json) -> Json:
    return {
        "turn_id": "turn", "conversation_id": "conversation", "tenant_name": "Example shop",
        "channel": "web", "text": text, "messages": [text], "history": [], "facts": [],
        "contact": {"id": "contact", "display_name": "Ada", "email": "ada@example.com"},
        "passages": [_passage("Returns", "You may return items within 30 days of delivery.")],
        "state": {}, "shared": shared, "now": NOW.isoformat(),
    }  # fmt: skip


def _calls(hook: str, plays: list[Play]) -> Iterator[Scene]:
    tools = [
        tool for play in plays for tool in (play.manifest.connector.tools
                                            if play.manifest.connector else [])
    ]  # fmt: skip
    config = config_of(plays[-1])
    for tool in list(dict.fromkeys(tools))[:TOOLS_MAX]:
        counted = counts_of(tool, plays)
        given = {name: counted[name] if name in counted and name not in KNOWN else _sample(name)
                 for name in _arguments(tool, plays)}  # fmt: skip
        call = {"tool": tool, "arguments": given, "idempotency_key": KEY, "config": config,
                "money_max": {"USD": 100_000}}  # fmt: skip
        yield Scene(tool, hook, (call, call))  # a retry: the same key acts once


def _arguments(tool: str, plays: list[Play]) -> list[str]:
    """The arguments of a tool: by the contract, else as the function that serves it names them."""
    spec = COMMERCE_TOOLS.get(tool)
    if spec is not None:
        return list(spec.parameters)
    for node in _serving(tool, plays):
        names = [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
        return [name for name in names[1:] if name != "idempotency_key"]
    return []


def counts_of(tool: str, plays: list[Play]) -> dict[str, int]:
    """The arguments of a tool that its sources compare with numbers, each with one within."""
    found: dict[str, int] = {}
    for node in _serving(tool, plays):
        for one in ast.walk(node):
            sides = [one.left, *one.comparators] if isinstance(one, ast.Compare) else []
            numbers = [side.value for side in sides if isinstance(side, ast.Constant)
                       and isinstance(side.value, int)]  # fmt: skip
            for side in sides:
                if isinstance(side, ast.Name) and numbers:
                    found.setdefault(side.id, max(max(numbers) // 2, 5))
    return found


def _serving(tool: str, plays: list[Play]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions that serve a tool, the newest release's first."""
    for play in reversed(plays):
        for tree in play.reading.own_modules.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _serves(node, tool):
                    yield node


def _serves(node: ast.FunctionDef | ast.AsyncFunctionDef, tool: str) -> bool:
    nothing = Constants(ast.Module([], []))
    return any(
        isinstance(one, ast.Call) and one.args and nothing.text(one.args[0]) == tool
        for one in node.decorator_list
    )


KNOWN: Json = {
    "email": "ada@example.com", "to": "ada@example.com", "recipient": "ada@example.com",
    "order_id": "#W1000001", "customer_id": "ada", "zip": "80202", "address": dict(HOME),
    "item_ids": ["lamp-black"], "new_item_ids": ["lamp-white"], "payment_method_id": "visa_ada",
    "amount": usd(2500), "minor": 2500, "quantity": 2, "limit": 5, "query": "lamp",
    "country": "US", "currency": "USD", "phone": "+15550100", "weight": 2, "date": "2026-01-15",
    "config": {}, "number": "GC-1000001", "code": "SAVE10", "text": "Hello Ada",
}  # fmt: skip


def _sample(name: str) -> Any:
    if name in KNOWN:
        return KNOWN[name]
    return "#W1000001" if name.endswith("_id") else "sample"


def _reviews(hook: str, _: list[Play]) -> Iterator[Scene]:
    for text in _REPLIES:
        reply = {"text": text, "status": "done", "confidence": 0.8, "evidence": []}
        yield Scene(f"a reply: {text[:30]}", hook, ({"question": "Where is it?", "reply": reply},))


def _inbound(hook: str, _: list[Play]) -> Iterator[Scene]:
    headers = {"content-type": "application/json", "x-signature": "0" * 64}
    for number, body in enumerate(_BODIES, 1):
        request = {"method": "POST", "path": "/in", "headers": headers, "body": body}
        yield Scene(f"request {number}", hook, (request,))


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


def config_of(play: Play) -> Json:
    """A configuration that the plugin's schema allows, as far as defaults and types tell."""
    properties = play.manifest.config.get("properties", {})
    return {name: _configured(rule) for name, rule in properties.items() if isinstance(rule, dict)}


def _configured(rule: Json) -> Any:
    for key in ("default", "const"):
        if key in rule:
            return rule[key]
    if rule.get("enum"):
        return rule["enum"][0]
    kinds: Json = {"integer": rule.get("minimum", 1), "number": rule.get("minimum", 1),
                   "boolean": True, "array": [], "object": {}}  # fmt: skip
    return kinds.get(str(rule.get("type")), "https://api.shop.example")
