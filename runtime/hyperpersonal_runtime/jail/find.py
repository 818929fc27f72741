"""Chooses the strongest wall that works on this machine."""

from hyperpersonal_runtime.jail.plain import PlainJail
from hyperpersonal_runtime.jail.program import Jail


def find_jail(wanted: str = "auto") -> Jail:
    """The jail of the tier `wanted`; `auto`: the strongest one that works here.

    Raises:
        JailError: the wanted tier does not work here.
    """
    return PlainJail()
