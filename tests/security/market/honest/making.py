"""How honest pairs are written down."""

from security.market.attack import Files, sample, update
from security.market.pairs import Pair


def pair(name: str, kind: str, before: Files, after: Files) -> Pair:
    """Two releases."""
    return Pair(name, kind, before, after)


def changed(plugin_id: str, name: str, *swaps: tuple[str, str], kind: str = "code",
            said: str = "Tidied.", **more: object) -> Pair:  # fmt: skip
    """A sample and its next release; `more` as in `update`."""
    base = sample(plugin_id).releases["1.0.0"]
    return Pair(name, kind, base, update(base, *swaps, said=said, **more))  # type: ignore[arg-type]
