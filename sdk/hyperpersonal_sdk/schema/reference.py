"""`python -m hyperpersonal_sdk.schema.reference` writes docs/reference/manifest.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from hyperpersonal_sdk import hookspecs, manifest

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "manifest.md"

HEAD = """# The manifest

`plugin.toml` says what a plugin is, what it asks and why, what it serves and how it presents
itself. It is signed with the code, and a merchant consents to what it says. This page is written by
`python -m hyperpersonal_sdk.schema.reference` from the types that read it; the JSON Schema for
editors is `sdk/hyperpersonal_sdk/schema/manifest.json`.

What capabilities say is on [their own page](capabilities.md). A key nobody knows is refused, with
its line; so is a text that holds invisible or reordering characters.
"""
# Where each table stands in the file; a list of tables is written once for each of its items.
PLACES = {
    "Manifest": "",
    "Runtime": "[runtime]",
    "CapabilityAsk": "[[capabilities]]",
    "LimitsAsk": "[limits]",
    "AgentPart": "[agent]",
    "Intent": "[[agent.intents]]",
    "ConnectorPart": "[connector]",
    "SecretAsk": "[[secrets]]",
    "Listing": "[listing]",
    "Price": "[[listing.prices]]",
    "DataUse": "[[listing.data]]",
}


def page() -> str:
    """The whole page."""
    return "\n".join((HEAD, *_tables(), *_hooks())).rstrip() + "\n"


def _tables() -> Iterator[str]:
    parts = manifest.schema()["$defs"]
    for name in sorted(parts, key=list(PLACES).index):
        place = PLACES[name]
        yield f"## `{place}`\n" if place else "## At the top\n"
        yield f"{_flat(parts[name].get('description', ''))}\n"
        yield "| key | what | form | example |\n|---|---|---|---|"
        required = parts[name].get("required", [])
        for key, rule in parts[name]["properties"].items():
            yield _row(key, rule, must=key in required)
        yield ""


def _row(key: str, rule: dict[str, Any], *, must: bool) -> str:
    table = next(iter(_referred(rule)), "")
    what = _flat(rule.get("description", "")) or (f"See `{PLACES[table]}`." if table else "")
    needed = "required" if must else _default(rule)
    form = "; ".join(filter(None, [_form(rule), needed]))
    examples = rule.get("examples") or rule.get("items", {}).get("examples") or []
    shown = f"`{_toml(examples[0])}`" if examples else ""
    return f"| `{key}` | {what} | {form} | {shown} |"


def _form(rule: dict[str, Any]) -> str:
    if found := list(_referred(rule)):
        return f"`{PLACES[found[0]]}`"
    if "enum" in rule:
        return "one of " + ", ".join(f"`{one}`" for one in sorted(map(str, rule["enum"])))
    if rule.get("type") == "array":
        most = f", at most {rule['maxItems']}" if "maxItems" in rule else ""
        return f"list{most} of {_form(rule.get('items', {})) or 'values'}"
    bounds = f", {rule.get('minimum', 0)} to {rule['maximum']}" if "maximum" in rule else ""
    length = f", at most {rule['maxLength']} characters" if "maxLength" in rule else ""
    return f"{rule.get('type', '')}{bounds}{length}"


def _referred(rule: dict[str, Any]) -> Iterator[str]:
    """Names of the tables a key holds."""
    for one in (rule, rule.get("items", {}), *rule.get("allOf", ()), *rule.get("anyOf", ())):
        if "$ref" in one:
            yield one["$ref"].rpartition("/")[2]


def _default(rule: dict[str, Any]) -> str:
    default = rule.get("default")
    return "" if default in (None, [], {}) or _is_table(default) else f"else `{_toml(default)}`"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _toml(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


def _hooks() -> Iterator[str]:
    yield "## Hooks\n\n| kind | must serve | may serve |\n|---|---|---|"
    for kind, names in hookspecs.HOOKS_OF_KIND.items():
        must = hookspecs.REQUIRED_HOOKS[kind]
        rest = [name for name in names if name not in must]
        yield f"| {kind} | {_codes(sorted(must))} | {_codes(rest)} |"
    yield f"\nEvery kind may serve {_codes(hookspecs.LIFECYCLE_HOOKS)}."
    yield "What each is asked and answers stands in `hyperpersonal_sdk/hookspecs.py`."


def _codes(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page())
