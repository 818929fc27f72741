"""What each host call needs, and calls of it that must be refused. One row a host call: a new host
call without a row fails the suite. Tools have a row each, from the commerce interface itself.
"""

from typing import Any

from hyperpersonal_runtime.hostcalls.table import HOST_CALLS
from hyperpersonal_sdk.capabilities import CapabilitySet, Tool, parse
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from msgspec import Struct

MONEY = "money:refund<=5.00 USD/turn"
TOKENS = "model:generate<=20k tokens/turn"
STORE = "kv:1KiB"
SITE = "https://shop.example/v1/*"

# Every kind of right once, each as wide as it comes, so that none can stand in for another.
RIGHTS = sorted(
    {spec.capability for spec in COMMERCE_TOOLS.values()}
    | {"tool:acme.stock.find.read", "tool:acme.stock.take.write"}
    | {"memory:contact.read", "memory:contact.write", "knowledge:read", STORE, TOKENS}
    | {"money:refund<=1000000.00 USD/turn", "money:charge<=1000000.00 USD/turn"}
    | {"http:* https://*:*/*", "http:* http://*:*/*"}
)


class Wrong(Struct, frozen=True):
    """A call that goes beyond its grants. `words`: what the refusal must name. `kind`: of the
    failure. `contact`: whether the turn has one."""

    name: str
    grants: tuple[str, ...]
    ask: dict[str, Any]
    words: str
    kind: str = "denied"
    contact: bool = True


class Row(Struct, frozen=True):
    """One host call. `needs`: capabilities, all of them; none: it is free, for the reason given.
    `missing`: what a refusal names when the n-th of them is not granted."""

    call: str
    ask: dict[str, Any]
    needs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    free: str = ""
    wrong: tuple[Wrong, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.call} {self.ask.get('tool', '')}".strip()


def denied_by_others(row: Row) -> list[Wrong]:
    """The call without a right, with each single other right, and with all others together, for
    each right it needs."""
    found = []
    for needed, words in zip(row.needs, row.missing, strict=True):
        rest = tuple(other for other in row.needs if other != needed)
        others = [right for right in RIGHTS if not stands_for(right, needed)]
        choices = [("nothing else", ()), *((f"only {one}", (one,)) for one in others)]
        for name, more in [*choices, ("everything else", tuple(others))]:
            grants = tuple(dict.fromkeys((*rest, *more)))
            found.append(Wrong(f"{needed} is missing, {name} is there", grants, row.ask, words))
    return found


def stands_for(right: str, needed: str) -> bool:
    """Whether a right of the list would do, too."""
    wide, narrow = CapabilitySet.parse([right]), CapabilitySet.parse([needed])
    return bool(wide.meet(narrow).texts)


def tool_row(name: str) -> Row:
    """A tool of the commerce interface."""
    spec = COMMERCE_TOOLS[name]
    right = parse(spec.capability)
    assert isinstance(right, Tool)
    ask = {"tool": name, "arguments": {}}
    money = (("money:refund<=1000000.00 USD/turn", "money:refund"),) if spec.money else ()
    needs = ((spec.capability, spec.capability), *money)
    wrong = []
    if spec.effect == "write":
        reading = f"tool:{right.interface}.read"
        wrong = [Wrong("the reading right", (reading, MONEY), ask, spec.capability)]
    if spec.money:
        charge = (spec.capability, "money:charge<=5.00 USD/turn")
        wrong.append(Wrong("the right to charge", charge, ask, "money:refund"))
    return Row("tool.call", ask, tuple(n for n, _ in needs), tuple(w for _, w in needs), "",
               tuple(wrong))  # fmt: skip


def fetch(url: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    return {"url": url, "method": method, **more}


def wrong_requests(grant: str = f"http:GET {SITE}") -> tuple[Wrong, ...]:
    """Requests next to the granted ones."""
    places = {
        "another host": "https://other.example/v1/x",
        "a host below": "https://a.shop.example/v1/x",
        "a host above": "https://example/v1/x",
        "a host that begins alike": "https://shop.example.evil.example/v1/x",
        "a host that ends alike": "https://evilshop.example/v1/x",
        "another path": "https://shop.example/v2/x",
        "the path's parent": "https://shop.example/",
        "a path that begins alike": "https://shop.example/v1x",
        "a path with dots": "https://shop.example/v1/../v2",
        "another port": "https://shop.example:8443/v1/x",
        "no encryption": "http://shop.example/v1/x",
        "a user": "https://a@shop.example/v1/x",
    }
    methods = ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get")
    return (
        *(Wrong(name, (grant,), fetch(url), "http:GET") for name, url in places.items()),
        *(Wrong(f"method {method}", (grant,), fetch("https://shop.example/v1/x", method),
                f"http:{method}") for method in methods),
    )  # fmt: skip


def nobody(call: str, ask: dict[str, Any], grant: str) -> Wrong:
    return Wrong(f"{call} for nobody", (grant,), ask, "no contact", contact=False)


def foreign(ask: dict[str, Any], grant: str) -> Wrong:
    """Names another contact than the turn's: there is no field to name one."""
    other = ask | {"contact_id": "another"}
    return Wrong("for another contact", (grant,), other, "unknown field `contact_id`", "invalid")


RECALL, REMEMBER = {"query": "x"}, {"key": "a", "value": 1}
MESSAGES = [{"role": "user", "text": "x"}]
READ, WRITE = "memory:contact.read", "memory:contact.write"

ROWS = [
    *(tool_row(name) for name in COMMERCE_TOOLS),
    Row("tool.call", {"tool": "acme.stock.find", "arguments": {}}, ("tool:acme.stock.find.read",),
        ("tool:acme.stock.find.read",), wrong=(
            Wrong("the right to its interface", ("tool:acme.stock.read", "tool:acme.stock.write"),
                  {"tool": "acme.stock.find"}, "tool:acme.stock.find"),
            Wrong("another case", ("tool:acme.stock.find.read",), {"tool": "acme.stock.FIND"},
                  "tool:acme.stock.FIND"))),
    Row("memory.recall", RECALL, (READ,), (READ,),
        wrong=(nobody("recalling", RECALL, READ), foreign(RECALL, READ))),
    Row("memory.remember", REMEMBER, (WRITE,), (WRITE,),
        wrong=(nobody("remembering", REMEMBER, WRITE), foreign(REMEMBER, WRITE))),
    Row("knowledge.search", {"query": "x"}, ("knowledge:read",), ("knowledge:read",)),
    Row("model.generate", {"messages": MESSAGES}, (TOKENS,), ("model:generate",), wrong=(
        Wrong("one token is granted", ("model:generate<=1 tokens/turn",), {"messages": MESSAGES},
              "1 tokens granted", "limit"),
        Wrong("the request alone is more", ("model:generate<=100 tokens/turn",),
              {"messages": [{"role": "user", "text": "x" * 4_000}]}, "tokens granted", "limit"))),
    Row("http.fetch", fetch("https://shop.example/v1/x"), (f"http:GET {SITE}",), ("http:GET",),
        wrong=wrong_requests()),
    Row("http.open", fetch("https://shop.example/v1/x"), (f"http:GET {SITE}",), ("http:GET",),
        wrong=wrong_requests()),
    Row("kv.get", {"key": "a"}, (STORE,), ("kv:SIZE",)),
    Row("kv.keys", {}, (STORE,), ("kv:SIZE",)),
    Row("kv.delete", {"key": "a"}, (STORE,), ("kv:SIZE",)),
    Row("kv.put", {"key": "a", "value": 1}, (STORE,), ("kv:SIZE",), wrong=(
        Wrong("more than granted", (STORE,), {"key": "a", "value": "x" * 2_000}, "1024", "limit"),
        Wrong("more than granted, in the key", ("kv:10B",), {"key": "a" * 100, "value": 1}, "10",
              "limit"))),
    Row("model.delta", {"text": "x"}, free="only a model that was asked for a draft is heard"),
    Row("http.read", {"stream": "1"}, free="only what this call opened itself can be read"),
    Row("http.close", {"stream": "1"}, free="only what this call opened itself is closed"),
    Row("clock.now", {}, free="the turn's own instant"),
    Row("random.bytes", {"n": 8}, free="the turn's own randomness"),
]  # fmt: skip

assert {row.call for row in ROWS} <= set(HOST_CALLS), "a row of a host call that is gone"
