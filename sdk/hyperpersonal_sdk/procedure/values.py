"""Values a shopper writes: order ids, e-mail, name and zip, payment methods, addresses."""

import json
import re

ORDER_ID = re.compile(
    r"#\s?(W?\d{4,10})\b|\b(W\d{6,10})\b|\border\s+(?:number\s+|no\.?\s+|id\s+)?(\d{5,10})\b", re.I
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
ORDER_TAIL = re.compile(r"\bend(?:s|ing)?\s+(?:in|with)\s+#?(\d{2,7})\b", re.I)
PAYMENT_ID = re.compile(r"\b(?:paypal|gift_card|credit_card)_\d{4,10}\b")
ZIP = re.compile(r"\b\d{5}(?:-\d{4})?\b")
_NAME_ZIP = re.compile(
    r"([A-Z][\w'-]{1,30})\s+([A-Z][\w'-]{1,30}(?:\s[A-Z][\w'-]{1,30})?)\s*,?\s*"
    r"(?:and\s+)?(?:my\s+|the\s+)?(?:zip|postal|post)?\s*(?:code)?\s*(?:is|:)?\s*(\d{5})\b"
)
_NAME = re.compile(
    r"(?i:my\s+name\s+is|name\s*:|i\s+am|i'm|this\s+is)\s+"
    r"([A-Z][a-z'-]{1,30})\s+([A-Z][\w'-]{1,30})"
)
_ADDRESS = re.compile(
    r"(?P<address1>\d{1,6}\s+[A-Z][\w.' ]{2,40}?)\s*,\s*"
    r"(?:(?P<address2>(?:Suite|Apt\.?|Apartment|Unit|Floor|#)\s*[\w-]{1,10})\s*,\s*)?"
    r"(?P<city>[A-Z][A-Za-z.' ]{2,30}?)\s*,\s*(?P<state>[A-Z]{2})\s*,?\s*"
    r"(?:(?P<country>USA|US|United States)\s*,?\s*)?(?P<zip>\d{5})"
)
_KIND = (
    (re.compile(r"\bpay\s?pal\b", re.I), "paypal"),
    (re.compile(r"\bgift\s?card|\b(?:store|shop|site|web\s?site)\s+credit\b"
        r"|\bvoucher", re.I), "gift_card"),
    (re.compile(r"\b(?:credit|debit)\s?card|\bvisa\b|\bmaster\s?card"
        r"|\bamex\b", re.I), "credit_card"),
)  # fmt: skip
ORIGINAL = re.compile(
    r"\b(?:original|same|initial)\s+(?:form\s+of\s+)?(?:payment|card|method|way|account)"
    r"|\bway\s+I\s+paid|\bpayment\s+(?:method\s+)?(?:I\s+)?used\b",
    re.I,
)
_BRAND = re.compile(r"\bvisa\b|\bmaster\s?card\b|\bamex\b", re.I)
_LAST_FOUR = re.compile(r"\b(?:ending|ends)\s+(?:in|with)\s+(\d{4})\b", re.I)
_NOT = re.compile(
    r"\b(?:not|n't|no|never|except|instead of|rather than|other than)\b[^.,;]{0,30}$", re.I
)
_DICT = re.compile(r"\{[^{}]{0,600}\}")


def order_ids(text):
    """Order ids in the order they are named, each once, as the shop writes them (#W…)."""
    found = []
    for match in ORDER_ID.finditer(text):
        digits = (match.group(1) or match.group(2) or match.group(3)).upper()
        name = "#" + digits
        if name not in found:
            found.append(name)
    return found


def email(text):
    match = EMAIL.search(text)
    return match.group().rstrip(".").lower() if match else ""


def name_and_zip(text):
    """(first name, last name, zip) when all three are there, else None."""
    match = _NAME_ZIP.search(text)
    if match:
        return match.groups()
    name, code = _NAME.search(text), ZIP.search(text)
    if name and code:
        return name.group(1).title(), name.group(2).title(), code.group()
    return None


def payment(text):
    """What the shopper says of how to pay: an id, a kind, "original", a last four, or ""."""
    match = PAYMENT_ID.search(text)
    if match:
        return match.group()
    match = _LAST_FOUR.search(text)
    if match and "card" in text.lower():
        return "last_four:" + match.group(1)
    brands = {m.group().lower().replace(" ", "") for m in _BRAND.finditer(text) if _said(m, text)}
    if len(brands) == 1:
        return "brand:" + brands.pop()
    kinds = {kind for pattern, kind in _KIND if _is_meant(pattern, text)}
    if len(kinds) > 1:
        return ""
    return kinds.pop() if kinds else "original" if ORIGINAL.search(text) else ""


def _is_meant(pattern, text):
    return any(_said(match, text) for match in pattern.finditer(text))


def _said(match, text):
    return not _NOT.search(text[: match.start()][-40:])


def mapping(text):
    """A {'key': 'value'} written in the text as a dict of strings, or None."""
    try:
        value = json.loads(text)
    except ValueError:
        value = _loose(text)
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else None


_PAIR = re.compile(r"'([^']{1,60})'\s*:\s*(?:'([^']{0,120})'|\"([^\"]{0,120})\"|([\w.]+))")


def _loose(text):
    return {m.group(1): m.group(2) or m.group(3) or m.group(4) or "" for m in _PAIR.finditer(text)}


def mappings(text):
    """Every braced dict of the text as (start, end, dict)."""
    return [(m.start(), m.end(), mapping(m.group()) or {}) for m in _DICT.finditer(text)]


def address(text):
    """A whole postal address in the text, as the shop's Address fields, or None."""
    for _, _, value in mappings(text):
        if "address1" in value and "zip" in value:
            return _address(value)
    match = _ADDRESS.search(text)
    return _address({k: v or "" for k, v in match.groupdict().items()}) if match else None


def _address(value):
    fields = ("address1", "address2", "city", "state", "country", "zip")
    known = {name: value.get(name, "").strip() for name in fields}
    known["country"] = (
        "USA" if known["country"] in ("", "US", "United States") else known["country"]
    )
    return known
