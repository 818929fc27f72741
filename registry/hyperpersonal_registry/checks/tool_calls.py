"""Calls made up for a connector's tools, with arguments as its sources name them."""

import ast
from collections.abc import Iterator
from typing import Any

from hyperpersonal_sdk.checks.python_words import Constants
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS

from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_registry.checks.scene import KEY, SETTING, Json, Scene
from hyperpersonal_registry.checks.worlds import KNOWN, sample

TOOLS_MAX = 30


def calls(hook: str, plays: list[Play]) -> Iterator[Scene]:
    tools = [
        tool for play in plays for tool in (play.manifest.connector.tools
                                            if play.manifest.connector else [])
    ]  # fmt: skip
    config = config_of(plays[-1])
    for tool in list(dict.fromkeys(tools))[:TOOLS_MAX]:
        counted = counts_of(tool, plays)
        given = {name: counted[name] if name in counted and name not in KNOWN else sample(name)
                 for name in _arguments(tool, plays)}  # fmt: skip
        call = {"tool": tool, "arguments": given, "idempotency_key": KEY, "config": config,
                "money_max": {"USD": 100_000}}  # fmt: skip
        yield Scene(tool, hook, (call, call))  # a retry: the same key acts once


def _arguments(tool: str, plays: list[Play]) -> list[str]:
    """The arguments of a tool: by the contract, else as the function that serves it names them."""
    spec = COMMERCE_TOOLS.get(tool)
    if spec is not None:
        return list(spec.parameters)
    for node in _serving(tool, plays):
        names = [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
        late = set(names[len(node.args.args) - len(node.args.defaults) :])
        known = {one.arg for older in _serving(tool, plays[:1]) for one in older.args.args}
        return [
            name
            for name in names[1:]
            if name != "idempotency_key" and (name not in late or name in known)
        ]  # else only one of them can be asked
    return []


def counts_of(tool: str, plays: list[Play]) -> dict[str, int]:
    """The arguments of a tool that its sources compare with numbers, each with one within."""
    found: dict[str, int] = {}
    for node in _serving(tool, plays):
        for one in ast.walk(node):
            sides = [one.left, *one.comparators] if isinstance(one, ast.Compare) else []
            numbers = [side.value for side in sides if isinstance(side, ast.Constant)
                       and isinstance(side.value, int)]  # fmt: skip
            for side in sides:
                if isinstance(side, ast.Name) and numbers:
                    found.setdefault(side.id, max(max(numbers) // 2, 5))
    return found


def _serving(tool: str, plays: list[Play]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions that serve a tool, the newest release's first."""
    for play in reversed(plays):
        for tree in play.reading.own_modules.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _serves(node, tool):
                    yield node


def _serves(node: ast.FunctionDef | ast.AsyncFunctionDef, tool: str) -> bool:
    nothing = Constants(ast.Module([], []))
    return any(
        isinstance(one, ast.Call) and one.args and nothing.text(one.args[0]) == tool
        for one in node.decorator_list
    )


def config_of(play: Play) -> Json:
    """A configuration that the plugin's schema allows, as far as defaults and types tell."""
    properties = play.manifest.config.get("properties", {})
    return {name: _configured(rule) for name, rule in properties.items() if isinstance(rule, dict)}


def _configured(rule: Json) -> Any:
    for key in ("default", "const"):
        if key in rule:
            return rule[key]
    if rule.get("enum"):
        return rule["enum"][0]
    kinds: Json = {"integer": rule.get("minimum", 1), "number": rule.get("minimum", 1),
                   "boolean": True, "array": [], "object": {}}  # fmt: skip
    return kinds.get(str(rule.get("type")), SETTING)
