"""The state a shop should be in after a list of actions, for comparison with the state it is in."""

from collections.abc import Iterable

from msgspec import Struct

from hyperpersonal_web.demo_shop.model import Action, Records
from hyperpersonal_web.demo_shop.rules import ShopRefusalError, apply


class Expected(Struct, frozen=True):
    """`digest` is what the shop's state export must say; `changed` the records that differ from
    the start; `refused` the actions the rules forbid, in words."""

    digest: str
    changed: Records
    refused: list[str]


def expected_state(store: Records, actions: Iterable[Action]) -> Expected:
    """Apply `actions` one after the other to a copy of `store`.

    A refused action changes nothing, as in a shop, and is named in the answer.
    """
    now, refused = store, []
    for action in actions:
        try:
            now = now.after(apply(now, action))
        except ShopRefusalError as error:
            refused.append(f"{action.tool}: {error.message}")
    changed = now.since(store)
    return Expected(changed.digest(), changed, refused)
