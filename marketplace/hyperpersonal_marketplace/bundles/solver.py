"""Chooses releases that fit together: versions, interfaces, permissions and a price, all at once.

Rules:
1. The newest release that fits is taken, in the order of the wishes; what is installed already
   comes first among connectors that would do.
2. Every interface that a chosen release uses is served by exactly one chosen release.
3. No chosen release asks more than the ceiling, and all of them cost no more than the price.
4. Where nothing fits, the conflict is minimal: without any one of its wishes there is a solution.
Exact search with backtracking; it gives up over STEPS_MAX choices and says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_registry.api import version_key
from hyperpersonal_sdk.capabilities import CapabilitySet
from msgspec import Struct

from hyperpersonal_marketplace.bundles.ranges import Range

STEPS_MAX = 100_000
SHOWN_MAX = 5


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
    """What must hold. `ceiling`, `price_max` None: no limit. `installed`: preferred connectors."""

    plugins: Mapping[str, Range]
    ceiling: CapabilitySet | None = None
    price_max: int | None = None
    installed: frozenset[str] = frozenset()


class Conflict(Struct, frozen=True):
    """Why nothing fits: a smallest set of wishes that cannot all hold, in words."""

    plugins: tuple[str, ...]
    ceiling: bool
    price: bool
    words: tuple[str, ...]


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
        return self._explained(self._smallest(wishes))

    def options(self, plugin_id: str, wishes: Wishes) -> list[Option]:
        """The plugin's releases within its range and the ceiling."""
        wanted = wishes.plugins.get(plugin_id)
        known = self._by_plugin.get(plugin_id, [])
        return [o for o in known if _within(o, wishes) and (not wanted or wanted.fits(o.version))]

    def servers(self, interface: str, wishes: Wishes) -> list[Option]:
        """Releases that serve an interface, those of installed plugins first."""
        known = self._by_interface.get(interface, [])
        fitting = [o for o in known if _within(o, wishes)]
        wanted = [o for o in fitting if o.plugin_id not in wishes.plugins]
        return sorted(wanted, key=lambda option: option.plugin_id not in wishes.installed)

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

    def _smallest(self, wishes: Wishes) -> Wishes:
        """Drop every wish without which there is still no solution."""
        for plugin_id in list(wishes.plugins):
            fewer = _without(wishes, plugin_id)
            if self._search(fewer) is None:
                wishes = fewer
        if wishes.ceiling is not None and self._search(_free(wishes, "ceiling")) is None:
            wishes = _free(wishes, "ceiling")
        if wishes.price_max is not None and self._search(_free(wishes, "price_max")) is None:
            wishes = _free(wishes, "price_max")
        return wishes

    def _explained(self, wishes: Wishes) -> Conflict:
        words = [self._why(plugin_id, wishes) for plugin_id in wishes.plugins]
        if wishes.price_max is not None:
            words.append(f"all together may cost {wishes.price_max} minor units a month at most")
        ceiling, price = wishes.ceiling is not None, wishes.price_max is not None
        return Conflict(tuple(wishes.plugins), ceiling, price, tuple(words))

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
        parts += [f"costs at least {price}"] if wishes.price_max is not None and price else []
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
        self._served: dict[str, Option] = {}
        self._taken: set[str] = set()
        self._price = 0
        self.chosen: list[Option] = []

    def open_choices(self) -> list[Option] | None:
        """The options of what is to be chosen next; None when everything is."""
        if len(self.chosen) < len(self._order):
            return self._options[self._order[len(self.chosen)]]
        for option in self.chosen:
            for interface in sorted(option.uses):
                if interface not in self._served:
                    return self._market.servers(interface, self._wishes)
        return None

    def choose(self, option: Option) -> bool:
        """Take it, unless two would serve the same or it costs too much."""
        if option.plugin_id in self._taken or not self._served.keys().isdisjoint(option.serves):
            return False
        rest = self._rest[min(len(self.chosen) + 1, len(self._order))]
        most = self._wishes.price_max
        if most is not None and self._price + option.price + rest > most:
            return False
        self.chosen.append(option)
        self._taken.add(option.plugin_id)
        self._price += option.price
        self._served.update(dict.fromkeys(option.serves, option))
        return True

    def undo(self) -> None:
        """Take the last choice back."""
        option = self.chosen.pop()
        self._taken.remove(option.plugin_id)
        self._price -= option.price
        for interface in option.serves:
            del self._served[interface]


def _within(option: Option, wishes: Wishes) -> bool:
    return wishes.ceiling is None or wishes.ceiling.covers(option.asks)


def _without(wishes: Wishes, plugin_id: str) -> Wishes:
    left = {other: wanted for other, wanted in wishes.plugins.items() if other != plugin_id}
    return Wishes(left, wishes.ceiling, wishes.price_max, wishes.installed)


def _free(wishes: Wishes, limit: str) -> Wishes:
    ceiling = None if limit == "ceiling" else wishes.ceiling
    price_max = None if limit == "price_max" else wishes.price_max
    return Wishes(wishes.plugins, ceiling, price_max, wishes.installed)


def _beyond(options: Sequence[Option], wishes: Wishes) -> str:
    """What the newest of these asks beyond the ceiling."""
    assert wishes.ceiling is not None
    asked = options[0].asks.beyond(wishes.ceiling).texts
    return f"more than is allowed: {', '.join(asked[:SHOWN_MAX])}"
