"""Chooses releases that fit together: versions, interfaces, permissions and a price, all at once.

Rules:
1. The newest release that fits is taken, in the order of the wishes; among those that would serve
   an interface, what is installed comes first, and of that the very release.
2. Every interface that a chosen release uses, or that is wished for, is served by exactly one
   chosen release; a language model by one or more (the host chooses between them, ADR 0028).
3. No chosen release asks more than the ceiling, and all of them cost no more than the price.
4. Where nothing fits, the conflict is minimal: without any one of its wishes there is a solution.
Exact search with backtracking; it gives up over STEPS_MAX choices and says so (ADR 0040).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_registry.api import version_key
from hyperpersonal_sdk.capabilities import CapabilitySet, currency_digits
from msgspec import Struct, structs

from hyperpersonal_marketplace.bundles.ranges import Range
from hyperpersonal_marketplace.permissions import in_words

STEPS_MAX = 100_000
SHOWN_MAX = 5
MODEL = "model.generate"
MANY_SERVE = frozenset({MODEL})
UNBOUNDED = 10**15  # a month may cost whatever it costs

Wish = tuple[str, str]  # ("plugin", id), ("interface", name), ("ceiling", ""), ("price", "")


class Option(Struct, frozen=True):
    """A release that could be taken. `price`: minor units a month, in one currency for all."""

    plugin_id: str
    version: str
    digest: str
    serves: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    asks: CapabilitySet = CapabilitySet()
    price: int = 0

    @property
    def name(self) -> str:
        """`publisher/name@version`."""
        return f"{self.plugin_id}@{self.version}"


class Wishes(Struct, frozen=True):
    """What must hold.

    Args:
        plugins: id -> range, in order.
        ceiling: the most any of them may ask; None: no limit.
        price_max: minor units of `currency` a month, all together; None: no limit.
        installed: preferred plugins; `present`: digests of the releases they run.
        interfaces: what must be served whoever uses it.
        thrifty: the cheapest release that fits is taken, not the newest.
    """

    plugins: Mapping[str, Range]
    ceiling: CapabilitySet | None = None
    price_max: int | None = None
    installed: frozenset[str] = frozenset()
    interfaces: tuple[str, ...] = ()
    present: frozenset[str] = frozenset()
    currency: str = "USD"
    thrifty: bool = False

    @property
    def all(self) -> list[Wish]:
        """Every wish by itself, in order."""
        limits = [("ceiling", self.ceiling), ("price", self.price_max)]
        return [
            *(("plugin", plugin_id) for plugin_id in self.plugins),
            *(("interface", name) for name in self.interfaces),
            *((name, "") for name, limit in limits if limit is not None),
        ]

    def only(self, kept: Iterable[Wish]) -> "Wishes":
        """No more than these wishes."""
        wanted = set(kept)
        return structs.replace(
            self,
            plugins={p: r for p, r in self.plugins.items() if ("plugin", p) in wanted},
            interfaces=tuple(i for i in self.interfaces if ("interface", i) in wanted),
            ceiling=self.ceiling if ("ceiling", "") in wanted else None,
            price_max=self.price_max if ("price", "") in wanted else None,
        )


class Conflict(Struct, frozen=True):
    """Why nothing fits: a smallest set of wishes that cannot all hold, in words."""

    plugins: tuple[str, ...]
    ceiling: bool
    price: bool
    words: tuple[str, ...]
    interfaces: tuple[str, ...] = ()

    @property
    def all(self) -> list[Wish]:
        """Each of these wishes."""
        limits = [("ceiling", self.ceiling), ("price", self.price)]
        return [
            *(("plugin", plugin_id) for plugin_id in self.plugins),
            *(("interface", name) for name in self.interfaces),
            *((name, "") for name, limited in limits if limited),
        ]


class TooHardError(RefusedError):
    """More choices than STEPS_MAX: name narrower ranges."""

    code = "too_hard"


class Market:
    """The releases there are, by plugin and by interface; newest first."""

    def __init__(self, options: Iterable[Option]) -> None:
        self._by_plugin: dict[str, list[Option]] = {}
        self._by_interface: dict[str, list[Option]] = {}
        newest = sorted(options, key=lambda option: version_key(option.version), reverse=True)
        for option in sorted(newest, key=lambda option: option.plugin_id):
            self._by_plugin.setdefault(option.plugin_id, []).append(option)
            for interface in option.serves:
                self._by_interface.setdefault(interface, []).append(option)

    def solve(self, wishes: Wishes) -> list[Option] | Conflict:
        """Releases that fit, in the order of the wishes and then by id; or why there are none.

        Raises:
            TooHardError: the search was given up.
        """
        chosen = self._search(wishes)
        if chosen is not None:
            order = {plugin_id: n for n, plugin_id in enumerate(wishes.plugins)}
            return sorted(chosen, key=lambda o: (order.get(o.plugin_id, len(order)), o.plugin_id))
        return self._explained(wishes.only(self._smallest(wishes)))

    def options(self, plugin_id: str, wishes: Wishes) -> list[Option]:
        """The plugin's releases within its range and the ceiling."""
        wanted = wishes.plugins.get(plugin_id)
        known = self._by_plugin.get(plugin_id, [])
        fitting = [
            o for o in known if _within(o, wishes) and (not wanted or wanted.fits(o.version))
        ]
        return sorted(fitting, key=lambda o: o.price) if wishes.thrifty else fitting

    def servers(self, interface: str, wishes: Wishes) -> list[Option]:
        """Releases that serve an interface, those of installed plugins first."""
        known = self._by_interface.get(interface, [])
        fitting = [o for o in known if _within(o, wishes)]
        wanted = [o for o in fitting if o.plugin_id not in wishes.plugins]
        return sorted(
            wanted,
            key=lambda o: (o.digest not in wishes.present, o.plugin_id not in wishes.installed),
        )

    def _search(self, wishes: Wishes) -> list[Option] | None:
        state = _State(self, wishes)
        first = state.open_choices()
        if first is None:
            return []
        frames: list[Iterator[Option]] = [iter(first)]
        steps = 0
        while frames:
            option = next(frames[-1], None)
            if option is None:
                frames.pop()
                if frames:
                    state.undo()
                continue
            steps += 1
            if steps > STEPS_MAX:
                raise TooHardError(f"given up after {STEPS_MAX} choices: name narrower ranges")
            if not state.choose(option):
                continue
            following = state.open_choices()
            if following is None:
                return state.chosen
            frames.append(iter(following))
        return None

    def _smallest(self, wishes: Wishes) -> list[Wish]:
        """A smallest set that cannot all hold. Source: Junker, QuickXplain (AAAI 2004)."""

        def core(known: list[Wish], added: bool, left: list[Wish]) -> list[Wish]:  # noqa: FBT001
            if added and self._search(wishes.only(known)) is None:
                return []
            if len(left) == 1:
                return left
            first, second = left[: len(left) // 2], left[len(left) // 2 :]
            late = core(known + first, bool(first), second)
            return core(known + late, bool(late), first) + late

        return core([], False, wishes.all)  # noqa: FBT003 - nothing was added yet

    def _explained(self, wishes: Wishes) -> Conflict:
        words = [self._why(plugin_id, wishes) for plugin_id in wishes.plugins]
        words += [
            f"somebody must serve {name}, and {_nobody(wishes)}" for name in wishes.interfaces
        ]
        if wishes.price_max is not None:
            most = money(wishes.price_max, wishes.currency)
            words.append(f"all together may cost {most} a month at most")
        ceiling, price = wishes.ceiling is not None, wishes.price_max is not None
        return Conflict(tuple(wishes.plugins), ceiling, price, tuple(words), wishes.interfaces)

    def _why(self, plugin_id: str, wishes: Wishes) -> str:
        known, wanted = self._by_plugin.get(plugin_id, []), wishes.plugins[plugin_id]
        if not known:
            return f"there is no plugin {plugin_id}"
        ranged = [option for option in known if wanted.fits(option.version)]
        if not ranged:
            there = ", ".join(option.version for option in known[:SHOWN_MAX])
            return f"no release of {plugin_id} is {wanted.text}; there are {there}"
        fitting = self.options(plugin_id, wishes)
        if not fitting:
            return f"every {plugin_id} that is {wanted.text} asks {_beyond(ranged, wishes)}"
        return f"{plugin_id} {wanted.text} {self._needs(fitting, wishes)}"

    def _needs(self, fitting: Sequence[Option], wishes: Wishes) -> str:
        """What the releases that would do bring with them."""
        uses = frozenset.intersection(*(option.uses for option in fitting))
        wished = (o for plugin_id in wishes.plugins for o in self.options(plugin_id, wishes))
        served = {interface for option in wished for interface in option.serves}
        missing = sorted(i for i in uses - served if not self.servers(i, wishes))
        if missing:
            return f"uses {', '.join(missing)}, which nothing serves within these limits"
        serves = sorted(frozenset.intersection(*(option.serves for option in fitting)))
        parts = [f"serves {', '.join(serves)}"] if serves else []
        parts += [f"uses {', '.join(sorted(uses))}"] if uses else []
        price = min(option.price for option in fitting)
        if wishes.price_max is not None and price:
            parts += [f"costs {cost(price, wishes.currency)}"]
        return " and ".join(parts) or "is wanted"


class _State:
    """What is chosen so far, and what is still open."""

    def __init__(self, market: Market, wishes: Wishes) -> None:
        self._market = market
        self._wishes = wishes
        wished = {plugin_id: market.options(plugin_id, wishes) for plugin_id in wishes.plugins}
        own = {interface for some in wished.values() for o in some for interface in o.serves}
        options = {
            plugin_id: [
                o for o in some if all(i in own or market.servers(i, wishes) for i in o.uses)
            ]
            for plugin_id, some in wished.items()
        }
        self._order = sorted(options, key=lambda plugin_id: len(options[plugin_id]))
        self._options = options
        cheapest = [min((o.price for o in options[p]), default=0) for p in self._order]
        self._rest = [sum(cheapest[at:]) for at in range(len(cheapest) + 1)]
        self._served: Counter[str] = Counter()
        self._taken: set[str] = set()
        self._price = 0
        self.chosen: list[Option] = []

    def open_choices(self) -> list[Option] | None:
        """The options of what is to be chosen next; None when everything is."""
        if len(self.chosen) < len(self._order):
            return self._options[self._order[len(self.chosen)]]
        for uses in (self._wishes.interfaces, *(sorted(one.uses) for one in self.chosen)):
            for interface in uses:
                if not self._served[interface]:
                    return self._market.servers(interface, self._wishes)
        return None

    def choose(self, option: Option) -> bool:
        """Take it, unless two would serve the same or it costs too much."""
        if option.plugin_id in self._taken:
            return False
        if any(self._served[interface] for interface in option.serves - MANY_SERVE):
            return False
        rest = self._rest[min(len(self.chosen) + 1, len(self._order))]
        most = self._wishes.price_max
        if most is not None and self._price + option.price + rest > most:
            return False
        self.chosen.append(option)
        self._taken.add(option.plugin_id)
        self._price += option.price
        self._served.update(option.serves)
        return True

    def undo(self) -> None:
        """Take the last choice back."""
        option = self.chosen.pop()
        self._taken.remove(option.plugin_id)
        self._price -= option.price
        self._served.subtract(option.serves)


def _within(option: Option, wishes: Wishes) -> bool:
    return wishes.ceiling is None or wishes.ceiling.covers(option.asks)


def money(minor: int, currency: str) -> str:
    """An amount as people write it, such as `19.00 USD`."""
    digits = currency_digits(currency)
    whole, rest = divmod(minor, 10**digits)
    return f"{whole}{f'.{rest:0{digits}d}' if digits else ''} {currency}"


def cost(minor: int, currency: str) -> str:
    """What a month costs, in words."""
    if minor >= UNBOUNDED:
        return f"whatever its use comes to: it names no most a month in {currency}"
    return f"at least {money(minor, currency)} a month"


def _nobody(wishes: Wishes) -> str:
    limited = wishes.ceiling is not None or wishes.price_max is not None
    return "nothing does within these limits" if limited else "nothing does"


def _beyond(options: Sequence[Option], wishes: Wishes) -> str:
    """What the newest of these asks beyond the ceiling."""
    assert wishes.ceiling is not None
    asked = options[0].asks.beyond(wishes.ceiling).texts
    return f"more than is allowed: {'; '.join(map(in_words, asked[:SHOWN_MAX]))}"
