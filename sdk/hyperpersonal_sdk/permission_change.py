"""What a release may do that the one before it might not: the difference of two permission sets.

Rules:
1. The sets form a lattice (`capabilities`); the kind of a change is its order: equal, narrower or
   wider. What is neither counts as wider.
2. A wider set that touches a kind of data the old one did not touch is of the kind `new_data`: the
   weightiest change there is.
3. Optional rights count as asked.
"""

from typing import Literal

from msgspec import Struct

from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.risk import DATA, DataClass, data_classes

ChangeKind = Literal["first", "equal", "narrower", "wider", "new_data"]
WORDS: dict[ChangeKind, str] = {
    "first": "There is no release before this one.",
    "equal": "It asks what the release before it asked.",
    "narrower": "It asks less than the release before it.",
    "wider": "It asks more than the release before it.",
    "new_data": "It touches data the release before it did not touch.",
}


class PermissionChange(Struct, frozen=True):
    """From one release to the next. Capability texts are canonical.

    Attributes:
        gained: rights the old release did not have; of a first release all of them.
        lost: rights it no longer asks.
        now_required: rights that were optional and no longer are.
        data: kinds of data it newly touches, the most sensitive first.
    """

    kind: ChangeKind
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    now_required: tuple[str, ...] = ()
    data: tuple[DataClass, ...] = ()

    @property
    def words(self) -> str:
        """The kind, for people."""
        return WORDS[self.kind]

    @property
    def grows(self) -> bool:
        """Whether a tenant's consent to the old release does not cover the new one."""
        return self.kind in {"wider", "new_data"}


def compare(old: Manifest | None, new: Manifest) -> PermissionChange:
    """The change from `old` (None: there was none) to `new`."""
    touched = data_classes(new) - (data_classes(old) if old else frozenset())
    data = tuple(kind for kind in DATA if kind in touched)
    if old is None:
        return PermissionChange("first", new.asked.texts, data=data)
    gained, lost = new.asked.beyond(old.asked).texts, old.asked.beyond(new.asked).texts
    required = new.required.meet(old.asked).beyond(old.required).texts
    return PermissionChange(_kind(gained, lost, data), gained, lost, required, data)


def _kind(
    gained: tuple[str, ...], lost: tuple[str, ...], data: tuple[DataClass, ...]
) -> ChangeKind:
    if data:
        return "new_data"
    if gained:
        return "wider"
    return "narrower" if lost else "equal"
