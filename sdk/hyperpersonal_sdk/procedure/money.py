"""Money in words: minor units in, "$12.50" out. Only sums and differences, never guesses."""

_SIGNS = {"USD": "$", "EUR": "\u20ac", "GBP": "\u00a3"}


def show(minor, currency="USD"):
    """1250 as "$12.50"; a currency without a known sign is written out."""
    text = f"{abs(minor) // 100:,}.{abs(minor) % 100:02d}"
    sign = "-" if minor < 0 else ""
    return f"{sign}{_SIGNS[currency]}{text}" if currency in _SIGNS else f"{sign}{text} {currency}"


def amount(value):
    """An Amount object of a tool's answer, in words."""
    return show(value["minor"], value.get("currency", "USD"))


def total(values):
    """(sum of Amount objects in minor units, their currency)."""
    return sum(v["minor"] for v in values), (values[0].get("currency", "USD") if values else "USD")


def difference(new, old):
    """(new total less old total in minor units, that sum written out for the evidence)."""
    due = total(new)[0] - total(old)[0]
    first, second = (new, old) if due >= 0 else (old, new)
    plus = " + ".join(_plain(v) for v in first)
    minus = "".join(f" - {_plain(v)}" for v in second)
    return due, f"{plus}{minus} = {abs(due) // 100}.{abs(due) % 100:02d}"


def _plain(value):
    return f"{value['minor'] // 100}.{value['minor'] % 100:02d}"
