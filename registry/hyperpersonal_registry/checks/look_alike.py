"""Names that a hurried eye takes for another publisher's."""

import re
from collections.abc import Iterator

from hyperpersonal_sdk.checks.names_apart import distance
from hyperpersonal_sdk.verdicts import Verdict, verdict

from hyperpersonal_registry.checks.examination import Examination, Unfit
from hyperpersonal_registry.names import HOUSE, borrows_the_house, skeleton, without_separators

NAME = "look_alike"
REASON = "Merchants know plugins by their names: one that passes for another is a trap."
FIX = "Choose a name of your own; if the name is yours by right, appeal and say why."
WAIVABLE = True

NAMESPACE_CHARS_MIN = 4
BRAND_CHARS_MIN = 5
FAR_CHARS_MIN = 8
TITLE_WORDS_MIN = 3  # shorter ones say what a thing is: everybody's mailer is a mailer
_OFFICIAL = frozenset(
    "official inc llc ltd gmbh team hq support app apps plugin plugins store labs dev the real "
    "original verified security admin".split()
)


async def check(examination: Examination) -> Verdict:
    """FAIL with every name it could be taken for."""
    try:
        plugin_id = examination.release.manifest.id
        title = examination.release.manifest.title
    except Unfit as error:
        return verdict(NAME, "FAIL", f"Its name was not looked at: {error}.")
    others = examination.subject.others
    found = tuple(
        dict.fromkeys((*_taken_for(plugin_id, others), *_titled(plugin_id, title, others)))
    )
    if found:
        return verdict(NAME, "FAIL", f"{found[0]}. {FIX}", found)
    return verdict(NAME, "PASS")


def _taken_for(plugin_id: str, others: tuple[str, ...]) -> Iterator[str]:
    namespace, _, name = plugin_id.partition("/")
    if namespace != HOUSE and (borrows_the_house(namespace) or borrows_the_house(name)):
        yield f"{plugin_id} speaks in the name of this platform"
    for other in others:
        theirs, _, their_name = other.partition("/")
        if theirs == namespace:
            continue
        if _alike(namespace, theirs):
            yield f"the namespace {namespace} looks like {theirs}"
        elif _names_brand(name, theirs):
            yield f"{plugin_id} names {theirs}, whose plugin it is not"
        elif name != their_name and _alike_plugins(name, their_name):
            yield f"{plugin_id} looks like {other}"


def _titled(plugin_id: str, title: str, others: tuple[str, ...]) -> Iterator[str]:
    """A title that is another's name, where the plugin's own name is not its title."""
    namespace, _, name = plugin_id.partition("/")
    shown = re.sub(r"[^a-z0-9]", "", title.casefold())
    if len(re.findall(r"\w+", title)) < TITLE_WORDS_MIN or shown == without_separators(name):
        return
    for other in others:
        theirs, _, their_name = other.partition("/")
        if theirs != namespace and skeleton(shown) == skeleton(their_name):
            yield f"the title {title!r} is that of {other}"


def _alike(one: str, other: str) -> bool:
    """The same to the eye, one edit apart, or with a word that claims to be the same."""
    if skeleton(one) == skeleton(other) or _bare(one) == _bare(other):
        return True
    shorter = min(len(one), len(other))
    apart = distance(without_separators(one), without_separators(other))
    near = 2 if shorter >= FAR_CHARS_MIN else 1
    return shorter > NAMESPACE_CHARS_MIN and apart <= near


def _alike_plugins(one: str, other: str) -> bool:
    """Two long names a slip apart; a plural is no slip."""
    if min(len(one), len(other)) < FAR_CHARS_MIN:
        return False
    if without_separators(one) == without_separators(other):
        return True
    if without_separators(one).rstrip("s") == without_separators(other).rstrip("s"):
        return False
    a, b = without_separators(one), without_separators(other)
    return skeleton(one) == skeleton(other) or (distance(a, b) == 1 and not _differ_by_number(a, b))


def _differ_by_number(one: str, other: str) -> bool:
    """`table_2` and `table_3` are a series, not a slip."""
    return re.sub(r"\d", "", one) == re.sub(r"\d", "", other)


def _names_brand(name: str, theirs: str) -> bool:
    words = re.split("[-_]", name)
    return len(theirs) >= BRAND_CHARS_MIN and (theirs in words or _bare(theirs) in words)


def _bare(name: str) -> str:
    return "".join(word for word in re.split("[-_]", name) if word not in _OFFICIAL) or name
