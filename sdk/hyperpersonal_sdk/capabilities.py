"""The grammar of capabilities: what a plugin asks for, and what a tenant grants.

    tool:commerce.orders.read                  call the reading tools of an interface (or `.write`)
    memory:contact.read                        facts about the contact (or `.write`)
    knowledge:read                             the merchant's articles
    model:generate<=20k tokens/turn            a language model, up to so many tokens a turn
    http:GET https://api.shop.example/*        requests; `GET|POST`, or `*` for every method
    kv:1MiB                                    a small store of its own
    money:refund<=100.00 USD/turn              moving money, up to so much a turn (or `charge`)

Rules:
1. `parse(text).text` is canonical: equal rights have equal texts.
2. Sets of capabilities form a lattice: `meet` is what both allow, `join` what either allows, and
   `covers` is its order. Narrowing never widens: a meet is covered by each of its sides.
3. A right is covered by one right, not by a sum of smaller ones (budgets do not add up).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from msgspec import Struct

from hyperpersonal_sdk.errors import CapabilityError
from hyperpersonal_sdk.url_patterns import UrlPattern

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MODEL_TOKENS_MAX = 10_000_000
KV_BYTES_MAX = 1 << 30
MONEY_MINOR_MAX = 10**12
_BYTE_UNITS = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1}

# Decimal digits of the minor unit where they are not two. Source: ISO 4217, table A.1.
_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "PYG": 0, "UGX": 0, "XAF": 0, "XOF": 0,
           "XPF": 0, "RWF": 0, "KMF": 0, "GNF": 0, "DJF": 0, "BIF": 0, "VUV": 0, "BHD": 3, "IQD": 3,
           "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3}  # fmt: skip


class Capability(Struct, frozen=True):
    """One right: a kind of effect (`key`), up to an amount (0 where nothing is counted)."""

    @property
    def text(self) -> str:
        """The canonical text."""
        raise NotImplementedError

    @property
    def key(self) -> tuple[str, ...]:
        """What must be equal for two rights to be comparable."""
        raise NotImplementedError

    @property
    def amount(self) -> int:
        """How much of it, in the smallest unit."""
        return 0

    def covers(self, other: "Capability") -> bool:
        """Whether this right alone allows all that `other` allows."""
        return self.key == other.key and self.amount >= other.amount

    def meet(self, other: "Capability") -> "Capability | None":
        """What both allow, or None."""
        if self.covers(other):
            return other
        return self if other.covers(self) else None

    def atoms(self) -> "Iterator[Capability]":
        """The rights it is made of, each of which stands alone."""
        yield self


class Tool(Capability, frozen=True):
    """Call the reading or writing tools of an interface, such as `commerce.orders`."""

    interface: str
    effect: str

    @property
    def text(self) -> str:
        return f"tool:{self.interface}.{self.effect}"

    @property
    def key(self) -> tuple[str, ...]:
        return ("tool", self.interface, self.effect)


class Memory(Capability, frozen=True):
    """Read or write facts about the contact of the turn."""

    effect: str

    @property
    def text(self) -> str:
        return f"memory:contact.{self.effect}"

    @property
    def key(self) -> tuple[str, ...]:
        return ("memory", self.effect)


class Knowledge(Capability, frozen=True):
    """Search the merchant's articles."""

    @property
    def text(self) -> str:
        return "knowledge:read"

    @property
    def key(self) -> tuple[str, ...]:
        return ("knowledge",)


class Model(Capability, frozen=True):
    """Ask a language model, at most `tokens` a turn."""

    tokens: int

    @property
    def text(self) -> str:
        thousands, rest = divmod(self.tokens, 1000)
        return f"model:generate<={self.tokens if rest else f'{thousands}k'} tokens/turn"

    @property
    def key(self) -> tuple[str, ...]:
        return ("model",)

    @property
    def amount(self) -> int:
        return self.tokens


class Kv(Capability, frozen=True):
    """Keep at most `bytes_max` bytes in a store of the installation's own."""

    bytes_max: int

    @property
    def text(self) -> str:
        unit, size = next(pair for pair in _BYTE_UNITS.items() if self.bytes_max % pair[1] == 0)
        return f"kv:{self.bytes_max // size}{unit}"

    @property
    def key(self) -> tuple[str, ...]:
        return ("kv",)

    @property
    def amount(self) -> int:
        return self.bytes_max


class Money(Capability, frozen=True):
    """Move money, at most `minor` units of `currency` a turn. `action`: refund or charge."""

    action: str
    minor: int
    currency: str

    @property
    def text(self) -> str:
        return f"money:{self.action}<={self.amount_text}/turn"

    @property
    def amount_text(self) -> str:
        """The amount as people write it, such as `100.00 USD`."""
        digits = currency_digits(self.currency)
        whole, rest = divmod(self.minor, 10**digits)
        return f"{whole}{f'.{rest:0{digits}d}' if digits else ''} {self.currency}"

    @property
    def key(self) -> tuple[str, ...]:
        return ("money", self.action, self.currency)

    @property
    def amount(self) -> int:
        return self.minor


class Http(Capability, frozen=True):
    """Send requests with these methods to these URLs."""

    methods: tuple[str, ...]
    url: UrlPattern

    @property
    def text(self) -> str:
        methods = "*" if self.methods == METHODS else "|".join(self.methods)
        return f"http:{methods} {self.url.text}"

    @property
    def key(self) -> tuple[str, ...]:
        return ("http",)

    def covers(self, other: Capability) -> bool:
        return (
            isinstance(other, Http)
            and set(other.methods) <= set(self.methods)
            and self.url.covers(other.url)
        )

    def meet(self, other: Capability) -> Capability | None:
        if not isinstance(other, Http):
            return None
        methods = tuple(method for method in self.methods if method in other.methods)
        url = self.url.meet(other.url)
        return Http(methods, url) if methods and url else None

    def atoms(self) -> Iterator[Capability]:
        for method in self.methods:
            yield Http((method,), self.url)

    def allows(self, method: str, url: str) -> bool:
        """Whether this very request is within the right."""
        return method in self.methods and self.url.allows(url)


class CapabilitySet:
    """A set of rights in canonical form: only what no other member covers."""

    __slots__ = ("_atoms",)

    def __init__(self, capabilities: Iterable[Capability] = ()) -> None:
        atoms = {atom for capability in capabilities for atom in capability.atoms()}
        self._atoms = frozenset(
            atom for atom in atoms if not any(o.covers(atom) for o in atoms if o != atom)
        )

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "CapabilitySet":
        """Raises CapabilityError at the first text that is none."""
        return cls(map(parse, texts))

    def __iter__(self) -> Iterator[Capability]:
        """The rights, methods of one URL together, by canonical text."""
        others = [atom for atom in self._atoms if not isinstance(atom, Http)]
        urls: dict[UrlPattern, set[str]] = {}
        for atom in self._atoms:
            if isinstance(atom, Http):
                urls.setdefault(atom.url, set()).update(atom.methods)
        https = [Http(_in_order(methods), url) for url, methods in urls.items()]
        return iter(sorted([*others, *https], key=lambda capability: capability.text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CapabilitySet) and self._atoms == other._atoms

    def __hash__(self) -> int:
        return hash(self._atoms)

    def __repr__(self) -> str:
        return f"CapabilitySet({list(self.texts)})"

    @property
    def texts(self) -> tuple[str, ...]:
        """Canonical texts, sorted: equal sets have equal texts."""
        return tuple(capability.text for capability in self)

    def covers(self, other: "CapabilitySet") -> bool:
        """Whether all of `other` is allowed here."""
        return all(any(mine.covers(atom) for mine in self._atoms) for atom in other._atoms)

    def join(self, other: "CapabilitySet") -> "CapabilitySet":
        """What either allows."""
        return CapabilitySet([*self._atoms, *other._atoms])

    def meet(self, other: "CapabilitySet") -> "CapabilitySet":
        """What both allow."""
        pairs = (mine.meet(theirs) for mine in self._atoms for theirs in other._atoms)
        return CapabilitySet(both for both in pairs if both is not None)

    def beyond(self, other: "CapabilitySet") -> "CapabilitySet":
        """The rights here that `other` does not cover."""
        return CapabilitySet(
            atom for atom in self._atoms if not any(o.covers(atom) for o in other._atoms)
        )


def covers(granted: Iterable[str], asked: Iterable[str]) -> bool:
    """Whether the granted texts allow everything the asked ones name."""
    return CapabilitySet.parse(granted).covers(CapabilitySet.parse(asked))


def subset(grants: Iterable[str], asked: Iterable[str]) -> bool:
    """Whether the grants stay within what was asked: a tenant may give less, never more."""
    return covers(asked, grants)


def currency_digits(currency: str) -> int:
    """Decimal digits of a currency's minor unit (ISO 4217)."""
    return _DIGITS.get(currency, 2)


def parse(text: str) -> Capability:
    """The right a text names.

    Raises:
        CapabilityError: says which part is wrong and shows a right example.
    """
    kind, colon, rest = text.partition(":")
    if not colon or kind not in _FORMS:
        raise CapabilityError(
            f"{text!r} is no capability: it must start with one of "
            f"{', '.join(f'{name}:' for name in _FORMS)} for example {_FORMS['tool'][0]!r}"
        )
    example, pattern, build = _FORMS[kind]
    found = pattern.fullmatch(rest)
    if found is None:
        _refuse(text, f"it is not of the form of {example!r}")
    return build(text, *found.groups())


def examples() -> dict[str, str]:
    """A capability of each kind, by the kind's name."""
    return {kind: form[0] for kind, form in _FORMS.items()}


def _refuse(text: str, why: str) -> NoReturn:
    raise CapabilityError(f"{text!r} is no capability: {why}")


def _bounded(text: str, value: int, value_max: int, unit: str) -> int:
    if not 1 <= value <= value_max:
        _refuse(text, f"the amount must be between 1 and {value_max} {unit}")
    return value


def _in_order(methods: Iterable[str]) -> tuple[str, ...]:
    return tuple(method for method in METHODS if method in set(methods))


def _model(text: str, number: str, thousands: str) -> Capability:
    tokens = int(number) * (1000 if thousands else 1)
    return Model(_bounded(text, tokens, MODEL_TOKENS_MAX, "tokens"))


def _kv(text: str, number: str, unit: str) -> Capability:
    return Kv(_bounded(text, int(number) * _BYTE_UNITS[unit], KV_BYTES_MAX, "bytes"))


def _money(text: str, action: str, whole: str, rest: str | None, currency: str) -> Capability:
    digits = currency_digits(currency)
    if rest is not None and len(rest) != digits:
        right = Money(action, int(whole) * 10**digits, currency).amount_text
        _refuse(text, f"{currency} has {digits} decimal digits: write it like {right!r}")
    minor = int(whole) * 10**digits + int(rest or 0)
    return Money(action, _bounded(text, minor, MONEY_MINOR_MAX, "minor units"), currency)


def _http(text: str, methods: str, url: str) -> Capability:
    names = METHODS if methods == "*" else methods.split("|")
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        _refuse(text, f"{unknown[0]!r} is no method: write * or any of {'|'.join(METHODS)}")
    return Http(_in_order(names), UrlPattern.parse(url))


_FORMS: dict[str, tuple[str, re.Pattern[str], Callable[..., Capability]]] = {
    "tool": (
        "tool:commerce.orders.read",
        re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+)\.(read|write)", re.ASCII),
        lambda _, interface, effect: Tool(interface, effect),
    ),
    "memory": (
        "memory:contact.read",
        re.compile(r"contact\.(read|write)"),
        lambda _, effect: Memory(effect),
    ),
    "knowledge": ("knowledge:read", re.compile("read"), lambda _: Knowledge()),
    "model": (
        "model:generate<=20k tokens/turn",
        re.compile(r"generate<=(\d{1,9})(k?) tokens/turn", re.ASCII),
        _model,
    ),
    "http": ("http:GET https://api.shop.example/*", re.compile(r"([^ ]+) ([^ ]+)"), _http),
    "kv": ("kv:1MiB", re.compile(r"(\d{1,10})(GiB|MiB|KiB|B)", re.ASCII), _kv),
    "money": (
        "money:refund<=100.00 USD/turn",
        re.compile(r"(refund|charge)<=(\d{1,13})(?:\.(\d+))? ([A-Z]{3})/turn", re.ASCII),
        _money,
    ),
}
