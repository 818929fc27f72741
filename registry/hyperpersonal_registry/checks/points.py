"""Places where people are reached, or paid: links, addresses, telephone numbers, bank accounts."""

import re

DIGITS_MIN = 10  # of a bank account
# RFC 5322's usual part; E.164 with its country; ISO 13616 (IBAN): two letters, two digits, more.
_LINK = re.compile(r"https?://([\w.-]+)", re.IGNORECASE)
_SITE = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|net|org|io|co|club|shop|store|info|biz|xyz|online|site|"
    r"top|click|link|cc|ru|cn)(?![\w.-]*\w)",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w#.])(?:\+|00)\d[\d ()-]{7,18}\d")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_NUMBER = re.compile(r"(?<![\w.,#/-])\d{5,19}(?![\w,/-]|\.\d)")


def numbers(text: str) -> list[str]:
    """Long numbers by themselves: of a case, of an account."""
    return _NUMBER.findall(text)


def points(text: str) -> list[str]:
    """Those a text names, once each."""
    found = [*_LINK.findall(text), *_SITE.findall(text), *_MAIL.findall(text), *accounts(text)]
    return list(dict.fromkeys(found))


def accounts(text: str) -> list[str]:
    """Telephone numbers and bank accounts."""
    banks = [one for one in _IBAN.findall(text) if sum(map(str.isdigit, one)) >= DIGITS_MIN]
    return [*_PHONE.findall(text), *banks]
