"""What the sources use is what the manifest asks, as far as sources tell it.

The sandbox holds a plugin to its grants in any case. This rule finds the plugin that would fail in
a shop for want of a right it never asked for, and the right that is asked and never used.
"""

import ast
import re
from collections.abc import Iterator

from msgspec import Struct

from hyperpersonal_sdk.capabilities import Capability, CapabilitySet, Http, Tool, parse
from hyperpersonal_sdk.checks.python_words import Constants
from hyperpersonal_sdk.checks.reading import TESTS, Reading, Words
from hyperpersonal_sdk.checks.rule import Finding
from hyperpersonal_sdk.checks.script_words import tokens
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.manifest import MANIFEST_FILE
from hyperpersonal_sdk.url_patterns import split_url

NAME = "capability_use"
REASON = "Merchants read the capabilities: they must be what the plugin really uses."
FIX = "Add the capability with its why to plugin.toml, or take the use of it out."
WAIVABLE = True

_TOOL = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){2,}")
_CALLS = {
    "search": "knowledge:read", "recall": "memory:contact.read", "remember": "memory:contact.write",
    "generate": "model:", "fetch": "http:",
}  # fmt: skip
_NAMED = {
    "knowledge.search": "knowledge:read", "memory.recall": "memory:contact.read",
    "memory.remember": "memory:contact.write", "model.generate": "model:", "http.fetch": "http:",
    "http.open": "http:", "kv.get": "kv:", "kv.put": "kv:", "kv.delete": "kv:", "kv.keys": "kv:",
}  # fmt: skip
_HOSTS = ("host", "self.host", "self._host", "_host")
_WEIGHTY = frozenset({"tool", "memory", "money", "http"})  # kept in store, they wait for a use
_OF_SDK = ("hyperpersonal_sdk.procedure", "hyperpersonal_sdk.tool_loop", "hyperpersonal_sdk.native")


class Use(Struct, frozen=True):
    """One use of the host. `needs`: a capability or the start of one; `url` for http, '' when it is
    made at run time."""

    where: Words
    needs: str
    url: str = ""


def check(reading: Reading) -> Iterator[Finding]:
    """Uses without a capability; capabilities without a use, as notes where they are harmless."""
    said = reading.manifest
    if said is None:
        return
    found = uses(reading)
    asked = said.asked
    for use in found:
        what = missing(use, asked)
        if what:
            yield Finding(use.where.where, what)
    if not _is_seen_whole(reading):
        return
    for text in asked.texts:
        if not any(_is_used(text, use) for use in found):
            light = text.partition(":")[0] not in _WEIGHTY
            yield Finding(MANIFEST_FILE, f"asks {text}, which no source uses", note=light)


def uses(reading: Reading) -> list[Use]:
    """Every use of the host in the plugin's own sources."""
    found: list[Use] = []
    for path, tree in reading.own_modules.items():
        constants = Constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found += _of_call(path, node, constants)
    for path, text in reading.scripts.items():
        if not path.startswith(TESTS):
            found += _of_script(path, text)
    return found


def missing(use: Use, asked: CapabilitySet) -> str:
    """What the manifest does not ask for; '' when it does."""
    if use.needs.startswith("tool:"):
        tool = use.needs.removeprefix("tool:")
        enough = any(asked.covers(CapabilitySet([one])) for one in rights_of(tool))
        return "" if enough else f"calls {tool} and does not ask {rights_of(tool)[0].text}"
    if use.url:
        return _outside(use.url, asked)
    starts = [text for text in asked.texts if text.startswith(use.needs)]
    return "" if starts else f"uses {use.needs.rstrip(':')}, which the manifest does not ask"


def rights_of(tool: str) -> tuple[Capability, ...]:
    """The rights of which one lets a plugin call a tool; the wider one first."""
    spec = COMMERCE_TOOLS.get(tool)
    if spec is not None:
        return (parse(spec.capability),)
    return (Tool(tool, "write"), Tool(tool, "read"))


def _outside(url: str, asked: CapabilitySet) -> str:
    parts = split_url(url)
    if parts is None:
        return ""
    https = [one for one in asked if isinstance(one, Http)]
    hosts = {one.url.host for one in https}
    wild = [host[1:] for host in hosts if host.startswith("*.")]
    inside = hosts & {"*", parts.host} or any(parts.host.endswith(end) for end in wild)
    return "" if inside else f"names the host {parts.host}, which no capability allows"


def _is_used(text: str, use: Use) -> bool:
    kind = text.partition(":")[0]
    if kind == "tool" and use.needs.startswith("tool:"):
        return any(right.text == text for right in rights_of(use.needs.removeprefix("tool:")))
    if kind == "money":
        return use.needs.startswith("tool:")
    return text.startswith(use.needs) or use.needs.startswith(f"{kind}:")


def _is_seen_whole(reading: Reading) -> bool:
    """Whether all uses stand in the plugin's own sources: what the SDK's parts call does not."""
    if reading.manifest is None or reading.manifest.runtime.kind != "python":
        return False
    return not any(module in text for text in reading.texts.values() for module in _OF_SDK)


def _of_call(path: str, node: ast.Call, constants: Constants) -> Iterator[Use]:
    if not isinstance(node.func, ast.Attribute) or ast.unparse(node.func.value) not in _HOSTS:
        return
    first = node.args[0] if node.args else _keyword(node, "url") or _keyword(node, "tool")
    text = (constants.text(first) if first is not None else None) or ""
    yield from _use(Words(path, node.lineno, text), node.func.attr)
    if node.func.attr == "call" and text == "tool.call":
        tool = _keyword(node, "tool")
        named = constants.text(tool) if tool is not None else None
        yield from _use(Words(path, node.lineno, named or ""), "tool")
    if node.func.attr == "call" and text.startswith("http."):
        url = _keyword(node, "url")
        named = constants.text(url) if url is not None else None
        yield from _use(Words(path, node.lineno, named or ""), "fetch")


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((one.value for one in node.keywords if one.arg == name), None)


def _use(words: Words, method: str) -> Iterator[Use]:
    if method == "tool" and _TOOL.fullmatch(words.text):
        yield Use(words, f"tool:{words.text}")
    elif method == "call" and words.text in _NAMED:
        yield Use(words, _NAMED[words.text])
    elif method in _CALLS:
        url = words.text if method == "fetch" and "://" in words.text else ""
        host = re.match(r"https?://[^/\s]+", url)
        yield Use(words, _CALLS[method], host[0] + "/" if host else "")


def _of_script(path: str, text: str) -> Iterator[Use]:
    found = [token for token in tokens(text) if token.kind != "comment"]
    for place, token in enumerate(found):
        after = found[place + 1 : place + 3]
        before = found[place - 2].text if place > 1 and found[place - 1].text == "." else ""
        if before != "host" or [one.text for one in after[:1]] != ["("]:
            continue
        named = after[1].text if len(after) > 1 and after[1].kind == "string" else ""
        yield from _use(Words(path, token.line, named), token.text)
