"""`python -m hyperpersonal_runtime.reference` writes docs/reference/capabilities.md from the code.

What a host call needs is not written down here: each is asked for without any grant, and the
granter's own refusal names what was missing.
"""

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from hyperpersonal_sdk import capabilities
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, Outcome

from hyperpersonal_runtime.calls import Limits
from hyperpersonal_runtime.capability_granter import CapabilityGranter
from hyperpersonal_runtime.egress import addresses, streams
from hyperpersonal_runtime.hostcalls import http, http_send
from hyperpersonal_runtime.hostcalls.context import Context
from hyperpersonal_runtime.hostcalls.table import HOST_CALLS, prepare
from hyperpersonal_runtime.ports import CallScope

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "capabilities.md"

HEAD = """# Capabilities and host calls

What a plugin may ask for in its manifest (`capabilities`), and the calls by which it uses what a
tenant granted. This page is written by `python -m hyperpersonal_runtime.reference` from the code
that enforces it.
"""

# A well-formed request of each call that has fields without defaults.
_ASKS: dict[str, dict[str, Any]] = {
    "tool.call": {"tool": "commerce.orders.get"},
    "memory.recall": {"query": "size"},
    "memory.remember": {"key": "size", "value": "M"},
    "knowledge.search": {"query": "returns"},
    "model.generate": {"messages": [{"role": "user", "text": "Hello"}]},
    "model.delta": {"text": "Hel"},
    "http.fetch": {"url": "https://api.shop.example/orders"},
    "http.open": {"url": "https://api.shop.example/orders"},
    "http.read": {"stream": "1"},
    "http.close": {"stream": "1"},
    "kv.get": {"key": "a"},
    "kv.put": {"key": "a", "value": 1},
    "kv.delete": {"key": "a"},
}


def page() -> str:
    """The whole page."""
    parts = (HEAD, *_capabilities(), *_host_calls(), *_tools(), *_limits(), *_endings())
    return "\n".join(parts).rstrip() + "\n"


def _capabilities() -> Iterator[str]:
    yield "## Capabilities\n"
    yield "| kind | example | what it allows |\n|---|---|---|"
    for kind, example in capabilities.examples().items():
        meaning = inspect.getdoc(type(capabilities.parse(example))) or ""
        yield f"| `{kind}:` | `{example}` | {_cell(meaning)} |"
    yield f"\nMethods of `http:`: {', '.join(capabilities.METHODS)}, or `*` for all of them."
    yield "A host may begin with `*.` (subdomains only), a path may end with `/*`. A right is"
    yield "covered by one right, never by a sum of smaller ones.\n"


def _host_calls() -> Iterator[str]:
    yield "## Host calls\n"
    yield "`host.call(name, **fields)`; every call is granted, journaled and metered.\n"
    for name, (decoder, prepared) in HOST_CALLS.items():
        yield f"### `{name}`\n"
        yield f"{_flat(inspect.getdoc(prepared))}\n"
        yield f"Needs: {_needs(name)}.\n"
        fields = list(msgspec.structs.fields(decoder.type))
        if fields:
            yield "| field | type | default |\n|---|---|---|"
            yield from (
                f"| `{one.name}` | `{_type(one.type)}` | {_default(one)} |" for one in fields
            )
            yield ""
        notes = _own_doc(decoder.type)
        if notes:
            yield f"{notes}\n"


def _tools() -> Iterator[str]:
    yield "## Tools of the commerce interface\n"
    yield "| tool | effect | needs | arguments | answers |\n|---|---|---|---|---|"
    for spec in COMMERCE_TOOLS.values():
        needs = f"`{spec.capability}`" + (" and `money:refund`" if spec.money else "")
        arguments = ", ".join(f"`{name}`" for name in spec.parameters)
        yield f"| `{spec.name}` | {spec.effect} | {needs} | {arguments} | `{spec.returns}` |"
    yield ""


def _limits() -> Iterator[str]:
    yield "## Limits\n"
    yield "| of a hook call | at most |\n|---|---|"
    for field in msgspec.structs.fields(Limits):
        yield f"| `{field.name}` | {field.default:,} |"
    yield "\n| of requests | at most |\n|---|---|"
    for words, most in (
        ("requests a turn", http_send.REQUESTS_MAX),
        ("bytes a turn, both ways", http_send.TURN_BYTES_MAX),
        ("bytes of a request's body", http_send.BODY_BYTES_MAX),
        ("bytes of `http.fetch`'s answer, decoded", http.RESPONSE_BYTES_MAX),
        ("redirects", http.REDIRECTS_MAX),
        ("milliseconds until an answer", http_send.TIMEOUT_MS_MAX),
        ("open streams of a hook call", streams.STREAMS_MAX),
        ("bytes of a stream, decoded", streams.STREAM_BYTES_MAX),
        ("bytes of one `http.read`", streams.READ_BYTES_MAX),
    ):
        yield f"| {words} | {most:,} |"
    yield "\nWhere requests may go:\n\n```text"
    yield f"{(inspect.getdoc(addresses) or '').partition('Rules:')[2].strip()}\n```\n"


def _endings() -> Iterator[str]:
    yield "## How calls end\n"
    yield f"A host call fails with one of: {_names(FailureKind)}.\n"
    yield f"A hook call ends with one of: {_names(Outcome)}."


def _names(kinds: type[FailureKind] | type[Outcome]) -> str:
    return ", ".join(f"`{kind.value}`" for kind in kinds)


def _needs(name: str) -> str:
    """What is missing when nothing is granted, in the granter's own words."""
    payload = msgspec.json.encode(_ASKS.get(name, {})).decode()
    told = prepare(name, payload, _nothing_granted())
    if not isinstance(told, Failure):
        return "no grant"
    assert told.kind is FailureKind.DENIED, f"{name}: {told}"
    return f"`{told.message.removeprefix('not granted: ')}`"


def _nothing_granted() -> Context:
    scope = CallScope("tenant", "installation", "turn", "conversation", "contact")
    nothing: Any = None
    return Context(
        scope=scope, granter=CapabilityGranter((), scope), ports=nothing, fetcher=nothing,
        streams=streams.OpenStreams(), now=lambda: datetime.fromtimestamp(0, UTC), random=bytes,
        path="1", key="turn:1",
    )  # fmt: skip


def _type(annotation: Any) -> str:
    text = inspect.formatannotation(annotation).replace("typing.", "")
    for module in ("hyperpersonal_sdk.contract.models.", "hyperpersonal_sdk.contract.turns."):
        text = text.replace(module, "")
    return text.replace("|", "or")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return ""
    if field.default is not msgspec.NODEFAULT:
        return f"`{msgspec.json.encode(field.default).decode()}`"
    return f"`{msgspec.json.encode(field.default_factory()).decode()}`"


def _own_doc(kind: Any) -> str:
    return _flat(kind.__doc__) if "__doc__" in vars(kind) and kind.__doc__ else ""


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())


def _cell(text: str) -> str:
    return _flat(text).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page())
