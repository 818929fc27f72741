"""The manifest's entry is there and is a plugin."""

import ast
from collections.abc import Iterator

from hyperpersonal_sdk.checks.reading import COMPONENT, Reading
from hyperpersonal_sdk.checks.rule import Finding

NAME = "entry"
REASON = "The host starts a plugin by its entry; without one nothing would ever run."
FIX = "Bind `plugin` in the entry's module, or build the component."
WAIVABLE = False
CODE = "no_entry"


def check(reading: Reading) -> Iterator[Finding]:
    """Why the entry cannot be started."""
    said = reading.manifest
    if said is None or said.kind == "bundle":  # rule `bundle`
        return
    if said.runtime.kind == "component":
        yield from _component(said.entry, reading)
    else:
        yield from _module(said.entry, reading)


def _component(entry: str, reading: Reading) -> Iterator[Finding]:
    data = reading.files.get(entry)
    if data is None:
        yield Finding("", f"there is no {entry}; `hp plugin build` makes it", CODE)
    elif not data.startswith(COMPONENT):
        yield Finding("", f"{entry} is no WebAssembly component", CODE)


def _module(entry: str, reading: Reading) -> Iterator[Finding]:
    stem = entry.replace(".", "/")
    paths = [path for path in (f"{stem}/__init__.py", f"{stem}.py") if path in reading.files]
    if not paths:
        what = f"there is no module {entry!r} ({stem}/__init__.py or {stem}.py)"
        yield Finding("", what, CODE)
        return
    tree = reading.modules.get(paths[0])
    if tree is not None and "plugin" not in {name for node in tree.body for name in _bound(node)}:
        yield Finding("", f"{paths[0]} does not bind `plugin` at its top level", CODE)


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Assign):
        return {name.id for name in node.targets if isinstance(name, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    return set()
