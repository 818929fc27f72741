"""One difference between two releases, judged."""

from msgspec import Struct


class Change(Struct, frozen=True):
    """One difference. `names`: what the changelog would have to name; `scene`: where it was seen;
    `grave`: whether it must be told; else it is a note for the reviewer; `beyond`: seen at a number
    that one of the releases draws a line at; `values`: the texts in fields that are new."""

    kind: str
    words: str
    names: tuple[str, ...] = ()
    scene: str = ""
    grave: bool = True
    beyond: bool = False
    values: tuple[str, ...] = ()
