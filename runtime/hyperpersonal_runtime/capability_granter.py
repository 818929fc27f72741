"""What one call may do: one method per effect, refusals as values that name what was missing.

A right needs the manifest's asking AND the tenant's grant (the grants handed in are already within
what the signed manifest asks) AND the call's scope: this contact, this conversation.
"""

from collections.abc import Iterable
from functools import lru_cache

from hyperpersonal_sdk.capabilities import Capability, Http, Kv, Memory, Model, Money, Tool, parse
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind
from hyperpersonal_sdk.url_patterns import split_url
from msgspec import Struct

from hyperpersonal_runtime.egress.addresses import is_public
from hyperpersonal_runtime.ports import CallScope

_MONEY = "money:refund<=AMOUNT/turn"


class ToolPermit(Struct, frozen=True):
    """A tool call is allowed; `money_max` is the most a turn may move, in minor units by
    currency (None: it moves none)."""

    write: bool
    money_max: dict[str, int] | None = None


class CapabilityGranter:
    """Answers for one call. A method gives a permit (or None where there is nothing to say), or a
    Failure."""

    def __init__(self, grants: tuple[str, ...], scope: CallScope) -> None:
        self._grants = _parsed(grants)
        self._scope = scope

    def read_memory(self) -> Failure | None:
        return self._memory("read")

    def write_memory(self) -> Failure | None:
        return self._memory("write")

    def search(self) -> Failure | None:
        if any(grant.key == ("knowledge",) for grant in self._grants):
            return None
        return denied("knowledge:read")

    def tool(self, name: str) -> ToolPermit | Failure:
        """A tool of the commerce interface needs the capability its specification names, any other
        its own exact name. A tool that moves money also needs a `money:refund` grant."""
        spec = COMMERCE_TOOLS.get(name)
        if spec is None:
            return self._other_tool(name)
        if not self._has(parse(spec.capability)):
            return denied(spec.capability)
        if not spec.money:
            return ToolPermit(spec.effect == "write")
        money: dict[str, int] = {}
        for grant in self._grants:
            if isinstance(grant, Money) and grant.action == "refund":
                money[grant.currency] = max(grant.minor, money.get(grant.currency, 0))
        return ToolPermit(write=True, money_max=money) if money else denied(_MONEY)

    def generate(self) -> int | Failure:
        """Tokens a turn may use."""
        tokens = [grant.tokens for grant in self._grants if isinstance(grant, Model)]
        return max(tokens) if tokens else denied("model:generate<=N tokens/turn")

    def fetch(self, method: str, url: str) -> Failure | None:
        """A private or loopback address must stand in the grant itself, not behind a wildcard."""
        literal = _host(url) if is_private_literal(url) else ""
        for grant in self._grants:
            named = isinstance(grant, Http) and literal in ("", grant.url.host)
            if isinstance(grant, Http) and named and grant.allows(method, url):
                return None
        return denied(f"http:{method} {url.partition('?')[0]}")

    def store(self) -> int | Failure:
        """Bytes the installation may keep."""
        sizes = [grant.bytes_max for grant in self._grants if isinstance(grant, Kv)]
        return max(sizes) if sizes else denied("kv:SIZE")

    def _memory(self, effect: str) -> Failure | None:
        if not self._has(Memory(effect)):
            return denied(f"memory:contact.{effect}")
        if not self._scope.contact_id:
            return Failure(FailureKind.DENIED, "this call is on behalf of no contact")
        return None

    def _other_tool(self, name: str) -> ToolPermit | Failure:
        if self._has(Tool(name, "write")):
            return ToolPermit(write=True)
        if self._has(Tool(name, "read")):
            return ToolPermit(write=False)
        return denied(f"tool:{name}.read or tool:{name}.write")

    def _has(self, right: Capability) -> bool:
        return any(grant.covers(right) for grant in self._grants)


def denied(missing: str) -> Failure:
    """The refusal of a right that was not asked or not granted."""
    return Failure(FailureKind.DENIED, f"not granted: {missing}")


def is_private_literal(url: str) -> bool:
    """Whether the URL's host is written as an address (or a name) that is not out in the world."""
    host = _host(url)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not is_public(host)
    except ValueError:
        return False


def _host(url: str) -> str:
    found = split_url(url)
    return found.host if found else ""


@lru_cache(maxsize=1_024)
def _parsed(grants: Iterable[str]) -> tuple[Capability, ...]:
    return tuple(parse(text) for text in grants)
