"""Finding order numbers, names, amounts and the like in what a shopper typed.

`extract(text)` gives (type, value, start, end) in order of place; no two overlap. Only what the
text shows is found: a ten-digit number is an order number where nothing says otherwise, a name
must look like one. Pure `re`: it runs in the guest, and on the host for the router.
"""

import re

COUNTRIES = frozenset(
    """afghanistan|albania|algeria|andorra|angola|argentina|armenia|australia|austria|azerbaijan
    |bahamas|bahrain|bangladesh|barbados|belarus|belgium|belize|benin|bhutan|bolivia|bosnia
    |botswana|brazil|brunei|bulgaria|cambodia|cameroon|canada|chad|chile|china|colombia|congo
    |costa rica|croatia|cuba|cyprus|czechia|czech republic|denmark|dominican republic|ecuador
    |egypt|el salvador|england|estonia|ethiopia|fiji|finland|france|gabon|gambia|germany|ghana
    |great britain|greece|guatemala|guinea|guyana|haiti|holland|honduras|hong kong|hungary|iceland
    |india|indonesia|iran|iraq|ireland|israel|italy|ivory coast|jamaica|japan|jordan|kazakhstan
    |kenya|korea|kosovo|kuwait|kyrgyzstan|laos|latvia|lebanon|liberia|libya|liechtenstein
    |lithuania|luxembourg|macedonia|madagascar|malawi|malaysia|maldives|mali|malta|mauritius
    |mexico|moldova|monaco|mongolia|montenegro|morocco|mozambique|myanmar|namibia|nepal
    |netherlands|new zealand|nicaragua|niger|nigeria|north macedonia|northern ireland|norway|oman
    |pakistan|panama|paraguay|peru|philippines|poland|portugal|puerto rico|qatar|romania|russia
    |rwanda|saudi arabia|scotland|senegal|serbia|singapore|slovakia|slovenia|somalia|south africa
    |south korea|spain|sri lanka|sudan|sweden|switzerland|syria|taiwan|tanzania|thailand|tunisia
    |turkey|uganda|ukraine|united arab emirates|united kingdom|united states|uruguay|usa|us|uk|uae
    |uzbekistan|venezuela|vietnam|wales|yemen|zambia|zimbabwe""".replace("\n", "")
    .replace("    |", "|")
    .split("|")
)

SLOTS_MAX = 100

# Order matters: a pattern takes its characters, later ones get what is left.
_PATTERNS = (
    ("email", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("order_id", r"#[Ww]\d{5,9}\b|\b[Ww]\d{6,9}\b"),
    ("phone", r"(?<![\w#])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\w)"),
    ("card_number", r"(?<!\d)\d{4}(?:[ -]\d{4}){3}(?!\d)"),
    ("invoice_id", r"(?<!\w)#\d{4,6}\b(?!-)"),
    ("account_id", r"\b(?=[A-Z0-9]*[A-Z])(?=[A-Z0-9]*\d)[A-Z0-9]{10}\b"),
    ("account_id", r"^\W*(?P<v>(?=[A-Z0-9]*[A-Z])[A-Z0-9]{10})\W*$"),
    (
        "account_id",
        r"(?i:account (?:id|number|no)\W{0,3}(?:is |was )?)"
        r"(?P<v>(?=[A-Z0-9]*[A-Z])[A-Z0-9]{8,12})\b",
    ),
    ("amount", r"[$€£] ?\d[\d,]*(?:\.\d{1,2})?"),
    (
        "amount",
        r"(?:\b|(?<=of))\d[\d,]*(?:\.\d{1,2})? ?(?i:dollars?|usd|euros?|eur|bucks)\b",
    ),
    (
        "username",
        r"(?i:\b(?:user ?name|user id|login)\b\W{0,3}(?:is\W{1,2}|was\W{1,2})?)"
        r"(?P<v>[a-zA-Z][\w.-]*\d[\w.-]*|[a-z]+_\w+)",
    ),
    ("username", r"(?<![\w@.#])[a-z]{5,20}\d{3,4}(?![\w@])"),
    (
        "zip",
        r"(?i:\bzip(?: ?code)?\b\W{0,3}(?:is\W{1,2}|was\W{1,2})?)(?P<v>\d{5}(?:-\d{4})?)\b",
    ),
    ("zip", r"(?:^\W*|\b[A-Z]{2},? |[a-z], )(?P<v>\d{5}(?:-\d{4})?)\W*$"),
    ("order_id", r"(?:(?<=order)|(?<=purchase)|(?<![\w$€£.,-]))#?\d{8,16}\b(?![.,]\d)"),
    # The names of account types are proper names; "standard" or "pro" in lower case mostly is not.
    (
        "account_type",
        r"(?P<v>Freemium|Gold|Platinum|Premium|Pro|Standard|Silver|Bronze"
        r"|(?:\b|(?<=a)|(?<=my))[Ff]ree)"
        r" *(?i:user )?(?!phone)(?i:\w?a\w{3,8}t|acct?|[pr]{2}\w{3,6}e|p\w{3,6}e)s?\b",
    ),
    ("member_level", r"\b(?P<v>Gold|Silver|Bronze|Guest) [Mm]ember(?:ship)?\b"),
    ("person_name", r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.? [A-Z][a-z'-]+(?: [A-Z][a-z'-]+)?"),
)
_PLACE = re.compile(
    r"\b(?i:\w?\w?d\w?eliver\w*|d\w{2,8}r(?:y|ies|ing)?|s\w{0,2}h\w{1,9}|sned|send\w*"
    r"|orde?r\w*|order\w*|purchas\w*|buy)"
    r"(?:\s+\w+){0,3}?\s+(?i:to|fr\w{1,4}|in|within)(?:\s+the)?\s+"
    r"(?P<v>[A-Z][\w.'-]+(?: [A-Z][\w.'-]+){0,2})"
)
_NAME = r"[A-Z][a-z]+(?:[-'][A-Z][a-z]+)? (?:[A-Z]\.? )?[A-Z][a-z]+(?:[-'][A-Z][a-z]+)?"
_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?i:\b(?:name is|name's|i am|i'm|im|this is|name:|name) )(?P<v>{_NAME})",
        rf"(?i:\b(?:invoices?|bills?|receipts?|from|for|by|of) ?)(?P<v>{_NAME})\b",
        rf"(?:^|[.!?,)\"\n]\s*|[a-z0-9] )(?P<v>{_NAME})"
        r"(?=\s*(?:$|[,.!]|\S+@|and\b|[Ee]mail|[Uu]ser|[Zz]ip|[Oo]rder|[Aa]ccount|my\b|\d))",
    )
)
_NOT_NAMES = frozenset(
    [
        "hi",
        "hello",
        "hey",
        "thanks",
        "thank",
        "please",
        "yes",
        "no",
        "ok",
        "okay",
        "sure",
        "great",
        "good",
        "morning",
        "afternoon",
        "evening",
        "can",
        "could",
        "would",
        "the",
        "this",
        "that",
        "order",
        "number",
        "email",
        "address",
        "user",
        "account",
        "id",
        "shipping",
        "customer",
        "service",
        "support",
        "gold",
        "silver",
        "bronze",
        "premium",
        "guest",
        "calvin",
        "klein",
        "michael",
        "kors",
        "tommy",
        "hilfiger",
        "credit",
        "card",
        "gift",
        "paypal",
        "pal",
        "new",
        "york",
        "los",
        "angeles",
        "san",
        "united",
        "states",
        "black",
        "friday",
        "two",
        "factor",
        "i",
        "my",
        "zip",
        "code",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "street",
        "road",
        "avenue",
        "drive",
        "lane",
        "american",
        "express",
        "apple",
        "pay",
        "google",
        "mastercard",
        "visa",
        "all",
        "best",
        "what",
        "where",
        "when",
        "why",
        "how",
        "is",
        "are",
        "do",
        "does",
        "did",
    ]
)
_REFUND = re.compile(
    r"(?i)re?f+u\w*|re\w{0,5}burs\w*|re\w?bat\w*|comp?e\w*sa\w*|re\w{0,2}titu\w*|money\W+back"
    r"|\b(?:waiting for|expect\w*|want|demand) an? (?:\w+ )?\w+ of\b"
    r"|\bpaid .* (?:item|article|order)"
)
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _PATTERNS)


def extract(text: str) -> list[tuple[str, str, int, int]]:
    """All slots of `text` as (type, value, start, end), by place; earlier patterns win overlaps."""
    taken: list[tuple[str, str, int, int]] = []
    for kind, pattern in _COMPILED:
        for match in pattern.finditer(text):
            _take(taken, text, kind, match)
    for match in _PLACE.finditer(text):
        name = match["v"].rstrip(".'-")
        kind = "delivery_country" if name.lower().replace(".", "") in COUNTRIES else "delivery_city"
        if name.lower().split()[0] not in _NOT_NAMES or kind == "delivery_country" or " " in name:
            start = match.start("v")
            _add(taken, kind, name, start, start + len(name))
    for pattern in _NAMES:
        for match in pattern.finditer(text):
            words = match["v"].lower().replace(".", "").split()
            if not any(word in _NOT_NAMES or word in COUNTRIES for word in words):
                _add(taken, "person_name", match["v"], *match.span("v"))
    if any(slot[0] == "amount" for slot in taken) and _REFUND.search(text):
        taken = [
            ("refund_" + slot[0], *slot[1:]) if slot[0] == "amount" else slot for slot in taken
        ]
    return sorted(taken, key=lambda slot: slot[2])


def _take(
    taken: list[tuple[str, str, int, int]], text: str, kind: str, match: re.Match[str]
) -> None:
    group = "v" if "v" in match.re.groupindex else 0
    value = match[group]
    before = text[max(0, match.start() - 30) : match.start()].lower()
    if kind == "order_id" and re.search(r"\b(?:invoice|bill)\s*(?:number|no|id)?\W*$", before):
        kind = "invoice_id"
    elif kind == "invoice_id" and re.search(r"\b(?:order|purchase)\W*$", before):
        kind = "order_id"
    _add(taken, kind, value, *match.span(group))


def _add(
    taken: list[tuple[str, str, int, int]], kind: str, value: str, start: int, end: int
) -> None:
    if len(taken) < SLOTS_MAX and all(end <= slot[2] or start >= slot[3] for slot in taken):
        taken.append((kind, value, start, end))


def normal(kind: str, value: str) -> str:
    """A value as it is compared: lower case, no leading #, amounts as their digits."""
    value = value.strip().lower().lstrip("#").strip()
    if kind in ("amount", "refund_amount"):
        digits = re.sub(r"[^\d.]", "", value).rstrip(".")
        return digits[:-3] if digits.endswith(".00") else digits
    return value
