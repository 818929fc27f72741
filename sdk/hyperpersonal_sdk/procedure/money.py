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
