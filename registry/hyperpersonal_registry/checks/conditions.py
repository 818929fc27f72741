"""Conditions that are new in a release, and the release with one of them made to hold, or not to.

Whatever a sleeper waits for, it asks for it somewhere. Where the asking itself is turned, what
waits behind it shows, be it a date, a hash of a name or one talk in sixteen. Source: forced
execution (Peng et al., X-Force, USENIX Security 2014).
"""

import ast
import re
from collections.abc import Iterator

from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.hpx import Archive
from msgspec import Struct

from hyperpersonal_registry.checks.examination import Play

CONDITIONS_MAX, SOURCE_CHARS_MAX = 10, 200_000
_WHO = re.compile(
    r"tenant|\bshop(?:_name|_id)?\b|merchant|conversation_id|turn_id|installation|"
    r"contact(?:\.|_)id|contact\.get\('id'|display_name|channel|evidence"
)
_WHEN = re.compile(
    r"now\(|\.now\b|random|history|monotonic|time\.time|'kv\.get'|offset|weekday|today\("
)
_NAMED = re.compile(r"\b[A-Z][A-Z_]{2,}\b")  # a constant of the module
_READ_BY_NAME = frozenset("get call tool search recall now encode strip split join".split())
_PLAIN = frozenset({0, 1, -1, "", None})
_Place = tuple[ast.AST, str, int]


class Condition(Struct, frozen=True):
    """One condition, turned. `place`: which one of its module; `about`: 'who', 'when' or '';
    `telling`: whether it compares with something written down."""

    path: str
    place: int
    holds: bool
    text: str
    about: str
    telling: bool
    words: tuple[str, ...]


def conditions(before: Play, release: Play) -> list[Condition]:
    """Those the release before did not have, what asks who or when it is first."""
    if release.manifest.runtime.kind == "component":
        return []
    known = {ast.unparse(_expression(place)) for tree in before.reading.own_modules.values()
             for place in _places(tree)}  # fmt: skip
    found = [one for path, tree in release.reading.own_modules.items()
             for one in _new(path, tree, known)]  # fmt: skip
    found.sort(key=lambda one: (not one.about, not one.telling, not one.holds))
    return found[:CONDITIONS_MAX]


def turned(release: Play, condition: Condition) -> Play:
    """The release with this condition turned; all else as it is."""
    tree = ast.parse(release.reading.texts[condition.path])
    owner, field, number = list(_places(tree))[condition.place]
    test = _expression((owner, field, number))
    forced = _turned(test, condition)
    if number < 0:
        setattr(owner, field, forced)
    else:
        getattr(owner, field)[number] = forced
    source = ast.unparse(ast.fix_missing_locations(tree)).encode()
    files = {**release.archive.files, condition.path: source}
    return Play(Archive(hpx.digest_of(files), files))


def _turned(test: ast.expr, condition: Condition) -> ast.expr:
    """What it asks is asked all the same: names that are bound there stay bound."""
    operator = ast.Or() if condition.holds else ast.And()
    return ast.BoolOp(operator, [test, ast.Constant(condition.holds)])


def _places(tree: ast.AST) -> Iterator[_Place]:
    """Where conditions stand: a node, its field, the number in a list (-1: no list). Of what is
    joined by `and`, each part is one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp):
            yield from _parts(node, "test")
        elif isinstance(node, ast.comprehension):
            yield from ((node, "ifs", number) for number in range(len(node.ifs)))
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Compare):
            yield node, "slice", -1
        elif isinstance(node, ast.AugAssign | ast.BinOp | ast.Assign | ast.Return | ast.keyword):
            for field in ("left", "right", "value"):
                if _asks(getattr(node, field, None)):
                    yield from _parts(node, field)


def _asks(node: object) -> bool:
    """Whether a value is a question; `or` gives what stands where there is none."""
    return isinstance(node, ast.Compare) or (
        isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And)
    )


def _parts(node: ast.AST, field: str) -> Iterator[_Place]:
    test = getattr(node, field)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        yield from ((test, "values", number) for number in range(len(test.values)))
    else:
        yield node, field, -1


def _expression(place: _Place) -> ast.expr:
    node, field, number = place
    found = getattr(node, field)
    expression: ast.expr = found if number < 0 else found[number]
    return expression


def _new(path: str, tree: ast.Module, known: set[str]) -> Iterator[Condition]:
    if len(ast.unparse(tree)) > SOURCE_CHARS_MAX:
        return
    bound = _bound(tree)
    for number, place in enumerate(_places(tree)):
        test = _expression(place)
        text = ast.unparse(test)
        if text in known:
            continue
        meant = _meant(test, bound)
        words = tuple(one for one in _constants(test) if isinstance(one, str))
        telling = any(one not in _PLAIN for one in _constants(test)) or bool(_NAMED.search(text))
        about = _about(meant) if telling else ""
        for holds in (True, False):
            yield Condition(path, number, holds, text, about, telling, words)


def _about(text: str) -> str:
    if _WHO.search(text):
        return "who"
    return "when" if _WHEN.search(text) else ""


def _constants(test: ast.expr) -> Iterator[object]:
    """What it compares with; names of fields are none."""
    fields = {id(inner) for node in ast.walk(test) for one in _fields(node)
              for inner in ast.walk(one)}  # fmt: skip
    for node in ast.walk(test):
        if isinstance(node, ast.Constant) and id(node) not in fields:
            yield node.value


def _fields(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Subscript):
        yield node.slice
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from node.args if node.func.attr in _READ_BY_NAME else ()
        yield from (one.value for one in node.keywords)


def _bound(tree: ast.Module) -> dict[str, str]:
    """Name -> what it is bound to, as text."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = found.get(target.id, "") + " " + ast.unparse(node.value)
    return found


def _meant(test: ast.expr, bound: dict[str, str]) -> str:
    """A condition with what its names stand for, one step back."""
    names = [node.id for node in ast.walk(test) if isinstance(node, ast.Name)]
    return " ".join([ast.unparse(test), *(bound.get(name, "") for name in names)])
