"""Matching what a shopper names to bought items and to the variants a product has."""

import re

from hyperpersonal_sdk.procedure.text import squeeze

_WORD = re.compile(r"[a-z0-9%+]+(?:[./][a-z0-9]+)*")
_UNITS = (
    (re.compile(r"(\d+(?:\.\d+)?)\s*-?\s*(?:feet|foot|ft)\b"), r"\1ft"),
    (re.compile(r"(\d+(?:\.\d+)?)\s*-?\s*(?:inches|inch|in\b|\")"), r"\1inch"),
    (re.compile(r"(\d+(?:\.\d+)?)\s*-?\s*(?:liters?|litres?|l)\b"), r"\1l"),
    (re.compile(r"(\d+(?:\.\d+)?)\s*-?\s*(gb|tb|ml|mm|mah|mp|bar|lbs|cups?|hours?|pieces?|piece"
        r"|x|degrees?)\b"), r"\1\2"),
    (re.compile(r"\bgrey\b"), "gray"),
    (re.compile(r"\bwooden\b"), "wood"),
    (re.compile(r"\b(wi)-?(fi)\b"), "wifi"),
    (re.compile(r"(?<=[a-z])-(?=[a-z])"), ""),
)  # fmt: skip
_VAGUE = re.compile(
    r"\b(?:cheap\w*|expensive|bigger|larger|smaller|taller|shorter|brighter|darker|lighter"
    r"|better|best|more|less"
    r"|similar|prefer\w*|ideally|whichever|either|or|any|other|different|another|if"
    r"|don'?t\s+care|unsure|maybe"
    r"|most|least|max\w*|high(?:er|est)|low(?:er|est)|budget|same\s+(?:as|price))\b", re.I
)  # fmt: skip
_INSTEAD = re.compile(
    r"\b(?:instead\s+of|rather\s+than|over|not|other\s+than|from)\s+(?:an?\s+"
    r"|the\s+)?[^,.;]*?(?=\bto\b|[,.;]|$)"
)
_VERB = re.compile(r"\b(?:exchang|swap|replac|modif|chang|switch|trad|upgrad|downgrad)\w*\b")
_TO = re.compile(r"\b(?:to|for|into)\b(?!\s+(?:exchang|swap|replac|modif|chang|be\b))")
_WITH = re.compile(r"\bwith\b")


def same(text):
    """One spelling for units, hyphens and colours: "5-Feet" and "5 ft" are the same."""
    text = squeeze(text)
    for pattern, replacement in _UNITS:
        text = pattern.sub(replacement, text)
    return text


def _stem(word):
    """A word without its plural: "watches" and "lamps" as "watch" and "lamp"."""
    if word.endswith("lves"):
        return word[:-3] + "f"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def words(text):
    return [_stem(w) for w in _WORD.findall(same(text))]


def mentions(text, names):
    """Where each product name is named in a text: [(position, name)], by its whole name, or by
    its head word when no other name shares it."""
    spoken = [(m.start(), _stem(m.group())) for m in _WORD.finditer(same(text))]
    heads = {}
    for name in names:
        for head in _heads(name):
            heads.setdefault(head, set()).add(name)
    spoken = [(at, word if word in heads else _meant(word, heads)) for at, word in spoken]
    return [
        (at, name)
        for i, (at, word) in enumerate(spoken)
        for name in heads.get(word, ())
        if _whole(name, spoken, i) or (len(heads[word]) == 1 and not _foreign(name, spoken, i))
    ]


def _heads(name):
    """The single words that may stand for a product: its last one, and what people call it."""
    *first, last = words(name)
    return {last, *_CALLED.get(last, ()), *(first[-1:] if last in _EMPTY else ())}


def _meant(word, heads):
    """A mistyped head word put right: one letter wrong, missing, doubled or swapped."""
    if len(word) < TYPO_LETTERS_MIN:
        return word
    near = [head for head in heads if _one_slip(word, head)]
    return near[0] if len(near) == 1 else word


def _one_slip(word, head):
    if len(head) < TYPO_LETTERS_MIN or word[0] != head[0] or abs(len(word) - len(head)) > 1:
        return False
    if word.startswith(head) or head.startswith(word):
        return False
    start = next((i for i, (a, b) in enumerate(zip(word, head, strict=False)) if a != b), 0)
    a, b = word[start:], head[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[1::-1] == b[:2] and a[2:] == b[2:])


def _whole(name, spoken, i):
    parts = words(name)
    start = i - len(parts) + 1
    return start >= 0 and [w for _, w in spoken[start : i + 1]] == parts


def _foreign(name, spoken, i):
    """Whether another kind is named: "tea kettle" never means an Electric Kettle."""
    before = spoken[i - 1][1] if i else ""
    if before + spoken[i][1] in words(name) or (before, spoken[i][1]) in _MUCH_THE_SAME:
        return False
    return before in _KIND_WORDS and before not in words(name)


TYPO_LETTERS_MIN = 6
_MUCH_THE_SAME = {("coffee", "machine")}  # of an espresso machine
_EMPTY = frozenset(("set", "kit", "cleaner"))  # last words that say little of what a thing is
_CALLED = {
    "smartphone": ("phone", "cellphone", "mobile"),
    "wristwatch": ("watch",),
    "tshirt": ("shirt", "tee"),
    "bicycle": ("bike",),
    "ereader": ("reader", "kindle"),
    "cleaner": ("hoover",),
    "bookshelf": ("bookcase", "shelf"),
    "earbud": ("earphone", "bud"),
    "headphone": ("headset",),
    "umbrella": ("parasol",),
    "bulb": ("lightbulb",),
    "grill": ("bbq", "barbecue"),
    "charger": ("powerbank",),
    "perfume": ("fragrance",),
    "laptop": ("computer",),
    "camera": ("cam", "digicam"),
}

# Words that make another kind of thing of the word they stand before.
_KIND_WORDS = frozenset(
    """tea coffee espresso electric water desk light digital action security running hiking
    smart wrist patio garden pet yoga office makeup mechanical gaming bluetooth wireless air
    vacuum""".split()
)


def value_in(value, text):
    """Is an option's value said in a text that `same` has made?"""
    wanted = same(value)
    return re.search(r"(?<![\w.'])" + re.escape(wanted) + r"s?(?!\w|\.\w)", text) is not None


def options_in(text, variants):
    """{option: value} said in a text, of the options these variants have. An option of which
    two values are said, or a value that two options share, is None: named, but not clear."""
    spoken, chosen, blocked = same(text), {}, set()
    by_value = {}
    for variant in variants:
        for key, value in variant["options"].items():
            by_value.setdefault(value, set()).add(key)
    for value in sorted(by_value, key=len, reverse=True):
        keys = by_value[value]
        if value in ("yes", "no"):
            _yes_no(spoken, value, keys, chosen)
            continue
        if not value_in(value, spoken):
            continue
        key = _key_of(keys, value, spoken)
        if value.lower() != "none":
            said = r"(?<![\w.'])" + re.escape(same(value)) + r"s?(?!\w|\.\w)"
            spoken = re.sub(said, "_", spoken)
        if key is None:
            blocked |= keys
        elif key in chosen:
            blocked.add(key)
        else:
            chosen[key] = value
    return {**chosen, **dict.fromkeys(blocked)}


def _key_of(keys, value, spoken):
    """Which option a value belongs to when several have it: the one named beside it."""
    if len(keys) == 1:
        return next(iter(keys))
    at = re.escape(same(value))
    near = [
        k
        for k in keys
        if re.search(
            rf"{at}\s+{re.escape(same(k).split()[0])}|{re.escape(same(k))}\W+(?:\w+\W+)?{at}",
            spoken,
        )
    ]
    return near[0] if len(near) == 1 else None


def _yes_no(spoken, value, keys, chosen):
    for key in keys:
        stem = re.escape(same(key).split()[0])
        said = re.search(
            rf"\b(not|non|no|without)?\W{{0,3}}\b{stem}\w*(?:(?:\W+\w+)?\W+(yes|no)\b)?", spoken
        )
        if said:
            negative = bool(said.group(1)) or said.group(2) == "no"
            if (value == "no") == negative:
                chosen[key] = value


def stated(text, variants):
    """{option: value} of an answer that names its options: "size: 12, waterproof: no"."""
    spoken, chosen = same(text), {}
    for variant in variants:
        for key, value in variant["options"].items():
            pair = rf"(?<!\w){re.escape(same(key))}\s*[:=]\s*{re.escape(same(value))}(?![\w.])"
            if key not in chosen and re.search(pair, spoken):
                chosen[key] = value
    return chosen


def choose(options, variants, old):
    """The one available variant with the old item's options changed to `options`, or None."""
    wanted = {**old, **options}
    fits = [v for v in variants if v["options"] == wanted and v["available"]]
    return fits[0] if len(fits) == 1 else None


def narrow(options, variants):
    """The available variants that have all these options."""
    return [
        v
        for v in variants
        if v["available"]
        and all(value is None or v["options"].get(k) == value for k, value in options.items())
    ]


def target(text):
    """The part of a wish that says what is wanted, without what it replaces."""
    verb = _VERB.search(text)
    wanted = text[verb.end() :] if verb else text
    match = _TO.search(wanted) or _WITH.search(wanted)
    wanted = wanted[match.end() :] if match else wanted
    return _INSTEAD.sub(" ", wanted)


def source(text, verb):
    """The part of a wish that describes what was bought: for a change, what stands before "for"."""
    said = same(text)
    if verb != "swap":
        return said
    change = _VERB.search(said)
    start = change.end() if change else 0
    match = _TO.search(said, start) or _WITH.search(said, start)
    return said[: match.start()] if match else said


def is_vague(text):
    """Comparisons and preferences are asked about, never guessed."""
    return bool(_VAGUE.search(text))


def describe(options):
    """Options in words: "color black, size M"."""
    return ", ".join(f"{key} {value}" for key, value in options.items())
