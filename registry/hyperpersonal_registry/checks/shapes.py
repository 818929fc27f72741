"""The shape of the JSON that sources read: what is made up for them is what they can read."""

import ast
from collections.abc import Iterable, Iterator
from typing import Any

Path = tuple[str, ...]
EACH = "[]"
DEPTH_MAX, PATHS_MAX = 6, 200


def shape_of(trees: Iterable[ast.Module]) -> dict[str, Any]:
    """Every path that is read of what `json.loads` gave, as one value: a field is {} or a list of
    one where something in it is read, else None."""
    made: dict[str, Any] = {}
    paths = {path for tree in trees for path in _Read(tree).paths()}
    for path in sorted(paths, key=len)[:PATHS_MAX]:
        if path[0] != EACH and len(path) <= DEPTH_MAX:
            _put(made, path)
    return made


def _put(made: dict[str, Any], path: Path) -> None:
    """One path more, into the value."""
    here: Any = made
    for name, after in zip(path, (*path[1:], ""), strict=True):
        inner: Any = [{}] if after == EACH else {} if after else None
        if isinstance(here, list):
            here = here[0]
        elif isinstance(here, dict):
            if here.get(name) is None:
                here[name] = inner
            here = here[name]


class _Read:
    """One module. Names are followed through assignments, loops and functions that hand on."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._names: dict[str, Path] = {}
        self._roots = {"loads"}
        for _ in range(2):  # what is used above where it is bound
            for node in ast.walk(tree):
                self._bind(node)

    def paths(self) -> Iterator[Path]:
        """Every path that is read."""
        for node in ast.walk(self._tree):
            path = self._path(node)
            if path:
                yield path

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._name(target, self._path(node.value))
        elif isinstance(node, ast.For | ast.comprehension):
            path = self._path(node.iter)
            self._name(node.target, None if path is None else (*path, EACH))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            returned = [one.value for one in ast.walk(node) if isinstance(one, ast.Return)]
            if any(one is not None and self._path(one) == () for one in returned):
                self._roots.add(node.name)

    def _name(self, target: ast.AST, path: Path | None) -> None:
        if isinstance(target, ast.Name) and path is not None:
            self._names[target.id] = path

    def _path(self, node: ast.AST) -> Path | None:
        if isinstance(node, ast.Name):
            return self._names.get(node.id)
        if isinstance(node, ast.BoolOp):
            return self._path(node.values[0])
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            return self._within(node.value, node.slice.value)
        if isinstance(node, ast.Call):
            return self._called(node)
        return None

    def _called(self, node: ast.Call) -> Path | None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name in self._roots:
            return ()
        field = node.args[0] if node.args else None
        if name == "get" and isinstance(node.func, ast.Attribute):
            return self._within(node.func.value, getattr(field, "value", None))
        return None

    def _within(self, node: ast.expr, key: object) -> Path | None:
        path = self._path(node)
        if path is None or not isinstance(key, str | int):
            return None
        return (*path, key if isinstance(key, str) else EACH)
