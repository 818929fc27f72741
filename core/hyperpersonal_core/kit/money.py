"""Money: an integer of minor units with a currency; never a float.

Rules: two currencies never mix; a split gives away every minor unit (largest remainder, ties to
the earlier share); a rate is in basis points and rounds half to even, said where it happens.
Source: ISO 4217 (2024) for the number of decimals; Hamilton's method for the split.
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from hyperpersonal_core.kit.errors import RefusedError

BASIS_POINTS = 10_000
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_CURRENCY = re.compile(r"[A-Z]{3}")
_TEXT = re.compile(r"(-?)(\d{1,15})(?:\.(\d{1,3}))? ([A-Z]{3})", re.ASCII)


class Money(Struct, frozen=True, order=False):
    """An amount, for example `Money(1050, "USD")` for 10.50 US dollars; may be negative."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        # bool and float pass as numbers elsewhere; an amount is exactly an integer
        if type(self.amount_minor) is not int:
            raise TypeError(f"an amount is an integer of minor units, not {self.amount_minor!r}")
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError(f"a currency is three capital letters, not {self.currency!r}")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __mul__(self, count: int) -> "Money":
        if type(count) is not int:
            raise TypeError(f"money is multiplied by a whole number, not {count!r}")
        return Money(self.amount_minor * count, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount_minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount_minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount_minor >= self._same(other)

    def share(self, basis_points: int) -> "Money":
        """So many hundredths of a percent of it, rounded half to even."""
        if type(basis_points) is not int:
            raise TypeError(f"a rate is a whole number of basis points, not {basis_points!r}")
        floor, rest = divmod(self.amount_minor * basis_points, BASIS_POINTS)
        up = rest * 2 > BASIS_POINTS or (rest * 2 == BASIS_POINTS and floor % 2 == 1)
        return Money(floor + up, self.currency)

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Parts in proportion to `weights`; they always sum to the whole.

        Raises:
            ValueError: no weights, a negative one, or all zero.
        """
        whole = sum(weights)
        if whole <= 0 or min(weights) < 0:
            raise ValueError("a split needs weights of zero or more, at least one above zero")
        sign = -1 if self.amount_minor < 0 else 1
        parts = [divmod(abs(self.amount_minor) * weight, whole) for weight in weights]
        left = abs(self.amount_minor) - sum(floor for floor, _ in parts)
        by_remainder = sorted(range(len(parts)), key=lambda n: -parts[n][1])
        lucky = set(by_remainder[:left])
        return [
            Money(sign * (floor + (n in lucky)), self.currency)
            for n, (floor, _) in enumerate(parts)
        ]

    def __str__(self) -> str:
        digits = decimals(self.currency)
        sign = "-" if self.amount_minor < 0 else ""
        units, minor = divmod(abs(self.amount_minor), 10**digits)
        fraction = f".{minor:0{digits}d}" if digits else ""
        return f"{sign}{units}{fraction} {self.currency}"

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other.amount_minor


def decimals(currency: str) -> int:
    """How many digits the minor unit has: 2, except the currencies ISO 4217 lists otherwise."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def parse(text: str) -> Money:
    """The money in a text such as `10.50 USD`, `-3 EUR`, `1200 JPY`; no rounding ever.

    Raises:
        RefusedError: another form, or more decimals than the currency has.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise RefusedError("write an amount as '10.50 USD'", text=text[:50])
    sign, units, fraction, currency = match.groups(default="")
    digits = decimals(currency)
    if len(fraction) > digits:
        raise RefusedError(f"{currency} has {digits} decimals", text=text[:50])
    minor = int(units + fraction.ljust(digits, "0"))
    return Money(-minor if sign else minor, currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; zero of `currency` when there are none."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result
