"""What a release says of itself: the changelog's section of its version, and what it newly asks."""

import re

from hyperpersonal_sdk.capabilities import Capability, CapabilitySet, Http, Money, Tool
from hyperpersonal_sdk.checks.capability_use import rights_of
from msgspec import Struct

from hyperpersonal_registry.checks.examination import Play

CHANGELOG = "CHANGELOG.md"
_MONEY = re.compile(r"refund|charg|amount|money|price|pay|credit|cost|fee|discount|compensat", re.I)
_ACTS = re.compile(r"cancel|exchang|chang|replac|updat|book|writ", re.IGNORECASE)
_HEADING = re.compile(r"^\s*(?:#+|=+|\*\*|\[|v?\d+\.\d+)", re.IGNORECASE)
_MODEL = re.compile(
    r"model|instruct|prompt|rule|voice|tone|languag|answer|word|phras|polite|greet|token|long|tier|"
    r"cheap",
    re.IGNORECASE,
)
_PEOPLE = re.compile(r"person|people|colleague|hand(?:s|ed)? over|human|staff", re.IGNORECASE)
_TIME = re.compile(
    r"(?:sun|mon|tues|wednes|thurs|fri|satur)days?|days?\b|night|evening|morning|noon|hours?\b|"
    r"weeks?\b|weekend|month|year|season|holiday|christmas|\btimes?\b|\bdates?\b|clock|expire|"
    r"since|until|late|first|once|again|limit|at most|repeat",
    re.IGNORECASE,
)
_PASSES = re.compile(
    r"pass|allow|let|except|exempt|ignor|skip|no longer|permit|less|\bmay\b|can be", re.IGNORECASE
)
_SORTS = re.compile(r"sort|rank|first|cheap|dear|price|popular|newest|best|relevan|prefer", re.I)
_SIGNS_IN = re.compile(
    r"\bkeys?\b|token|credential|secret|password|(?:log|sign)s? ?in", re.IGNORECASE
)
_PARTS = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_HUMPS = re.compile(r"([a-z0-9])([A-Z])")
_RIGHTS = {
    "kv.get": ("kv",), "kv.put": ("kv",), "kv.delete": ("kv",), "kv.keys": ("kv",),
    "knowledge.search": ("knowledge",), "model.generate": ("model",),
    "memory.recall": ("memory", "read"), "memory.remember": ("memory", "write"),
}  # fmt: skip
_COMMON = frozenset("www api app com org net io co dev example shop store cloud".split())


_SPOKEN = {
    "acts": _ACTS, "money": _MONEY, "number": _MONEY, "model": _MODEL, "handoff": _PEOPLE,
    "when": _TIME, "order": _SORTS, "answer": _PASSES, "secret": _SIGNS_IN,
}  # fmt: skip
"""By kind of change: the words of which one tells it."""
_DOES = {
    "kv.delete": re.compile(r"eras|delet|forget|remov|clear|clean"),
    "kv.keys": re.compile(r"eras|delet|list|every|\ball\b|count"),
    "memory.remember": re.compile(r"remember|forget|learn"),
    "knowledge.search": re.compile(r"article|knowledge|guide|polic|faq"),
}


def _own_name(host: str) -> str:
    """The part of a host's name that somebody had to register: 'docs.parcels.example' is told by
    'parcels', not by 'docs'."""
    labels = [one for one in host.split(".")[:-1] if one not in _COMMON]
    return labels[-1] if labels else host


class Told(Struct, frozen=True):
    """`news`: the text of the section, small letters; '' when there is none. `more`: capabilities
    that the release before did not ask."""

    news: str
    more: CapabilitySet

    def names(self, what: str) -> bool:
        """Whether the section speaks of a host, an address, a field or a tool."""
        wanted = what.casefold()
        if not self.news:
            return False
        if wanted in self.news:
            return True
        if what in _DOES and _DOES[what].search(self.news):
            return True
        apart = _HUMPS.sub(r"\1 \2", what).casefold().rpartition("@")[2]
        return self._has_part(apart if "." in apart else apart.replace("-", " "))

    def names_host(self, host: str) -> bool:
        """Whether the section speaks of whose host it is, or of the domain of an address."""
        plain = host.casefold().rpartition("@")[2]
        return bool(self.news) and (
            plain in self.news or self._has_part(_own_name(plain).replace("-", " "))
        )

    def _has_part(self, text: str) -> bool:
        telling = [one for one in _PARTS.findall(text) if len(one) >= 3 and one not in _COMMON]
        words = set(_PARTS.findall(self.news))
        return bool(telling) and any(one in words for one in telling)

    def asks_newly(self, tool: str) -> bool:
        """Whether a right to a tool or a host call is asked for that was not asked before."""
        if tool in _RIGHTS:
            return any(right.key == _RIGHTS[tool] for right in self.more)
        return any(self.more.covers(CapabilitySet([right])) for right in rights_of(tool))

    def explains(self, right: Capability) -> bool:
        """Whether a merchant who reads the section knows of a right newly asked: to move money, to
        act, to reach a host. Rights to read what stays in the platform are shown at consent."""
        match right:
            case Money():
                return self.speaks_of("money")
            case Tool(interface=interface, effect="write"):
                return self.names(interface) or self.speaks_of("acts")
            case Http():
                return self.names_host(right.url.host)
        return True

    def speaks_of(self, kind: str) -> bool:
        """Whether the section has words that tell of a change of this kind."""
        pattern = _SPOKEN.get(kind)
        return pattern is not None and bool(pattern.search(self.news))

    @property
    def speaks_of_numbers(self) -> bool:
        """Whether the section names a number, in figures."""
        return bool(re.search(r"\d", self.news))


def told(release: Play, previous: Play) -> Told:
    """What the release says to those who have the one before."""
    return Told(news(release), release.manifest.asked.beyond(previous.manifest.asked))


def news(release: Play) -> str:
    """The section of the changelog whose heading names the release's version."""
    listing = release.manifest.listing
    path = (listing.changelog if listing else None) or CHANGELOG
    lines = release.reading.texts.get(path, "").splitlines()
    version = re.compile(rf"(?<![\d.]){re.escape(release.manifest.version)}(?![\d.])")
    found: list[str] = []
    inside = False
    for line in lines:
        heading = bool(_HEADING.match(line))
        if heading and version.search(line):
            inside = True
            found.append(version.sub("", line))
        elif inside and heading and re.search(r"\d+\.\d+\.\d+", line):
            break
        elif inside:
            found.append(line)
    return "\n".join(found).strip("#=-*[] \n").casefold()
