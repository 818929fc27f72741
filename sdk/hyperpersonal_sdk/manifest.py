"""`plugin.toml`: what a plugin is, what it asks and why, what it serves.

Rules:
1. The structs below are the format; the published JSON Schema is generated from them.
2. `parse` either gives a `Manifest` in which everything holds, or names every fault with its line.
3. The texts a merchant reads when consenting hold no invisible or reordering characters.
"""

import re
import tomllib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.errors import ManifestError
from hyperpersonal_sdk.listing import Listing

MANIFEST_FILE = "plugin.toml"
MANIFEST_BYTES_MAX = 64 * 1024
NAME_CHARS_MAX = 40
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_NAME = "[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*"
_MODULE = "[a-z_][a-z0-9_]*(?:\\.[a-z_][a-z0-9_]*)*"
_COMPONENT = "[A-Za-z0-9_][A-Za-z0-9_-]*(?:/[A-Za-z0-9_][A-Za-z0-9_-]*)*\\.wasm"
_TOOL = "[a-z][a-z0-9_]*(?:\\.[a-z][a-z0-9_]*){2,}"
# https://semver.org, section 9 and 10, without build metadata: a release has one name.
_NUMBER = "(?:0|[1-9][0-9]{0,8})"
_SEMVER = f"{_NUMBER}\\.{_NUMBER}\\.{_NUMBER}(?:-[0-9a-z]+(?:\\.[0-9a-z]+)*)?"


def whole(pattern: str) -> str:
    """The pattern of a whole text in Python and JavaScript (Python's `$` lets a newline pass)."""
    return f"^(?:{pattern})$(?!\\n)"


def text_of(description: str, example: Any, length_max: int, pattern: str | None = None) -> Meta:
    """What a schema says of a text, with an example of it."""
    return Meta(
        description=description,
        examples=[example],
        min_length=1,
        max_length=length_max,
        pattern=None if pattern is None else whole(pattern),
    )


def _at_most(description: str, ceiling: int) -> Meta:
    return Meta(description=description, ge=1, le=ceiling, examples=[ceiling])


def is_name(text: str) -> bool:
    """Whether a text can be a namespace or a plugin's name."""
    return len(text) <= NAME_CHARS_MAX and re.fullmatch(_NAME, text, re.ASCII) is not None


Label = Annotated[str, text_of("What kind of matter it is.", "order", 40, _NAME)]
Kind = Literal["agent", "connector", "channel", "model", "guard", "bundle"]
PluginId = Annotated[
    str,
    text_of("publisher/name, small ASCII letters.", "acme/order_status", 81, f"{_NAME}/{_NAME}"),
]
Semver = Annotated[str, text_of("A semantic version.", "0.1.0", 40, _SEMVER)]


class Runtime(Struct, frozen=True, forbid_unknown_fields=True):
    """What the plugin is made of. `pythons` and `machines` are of the kind `process` only; left
    out, its wheels alone decide where it fits."""

    kind: Annotated[
        Literal["python", "component", "process"],
        Meta(
            description="python: source, in the shared guest. component: a WebAssembly component "
            "of the world in wit/v1. process: native Python with wheels.",
            examples=["python"],
        ),
    ] = "python"
    pythons: Annotated[
        list[Annotated[str, text_of("A version of CPython.", "3.11", 5, "3\\.[1-9][0-9]")]],
        Meta(description="The Pythons it is made for.", examples=[["3.11"]], max_length=10),
    ] = []
    machines: Annotated[
        list[Literal["x86_64", "aarch64"]],
        Meta(description="The machines it is made for.", examples=[["x86_64"]], max_length=2),
    ] = []


class CapabilityAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """One capability the plugin asks for."""

    ask: Annotated[
        str,
        text_of(
            "The capability; see the grammar of capabilities.", "tool:commerce.orders.read", 300
        ),
    ]
    why: Annotated[
        str,
        text_of(
            "Why, in words for the merchant who consents.", "Looks up the shopper's order.", 200
        ),
    ]
    optional: Annotated[
        bool, Meta(description="Whether the plugin works without it.", examples=[True])
    ] = False


class LimitsAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """Ceilings of one hook call; None means the kind's default. A guest may only ask for less than
    its default; the schema's ceilings are those of the kind `process`."""

    memory_mib: Annotated[int, _at_most("MiB of memory.", 512)] | None = None
    guest_cpu_ms: Annotated[int, _at_most("CPU ms between host calls.", 2_000)] | None = None
    deadline_ms: Annotated[int, _at_most("Wall ms of a call.", 30_000)] | None = None
    host_calls: Annotated[int, _at_most("Host calls.", 2_000)] | None = None
    output_bytes: Annotated[int, _at_most("Bytes of the answer.", 65_536)] | None = None
    log_lines: Annotated[int, _at_most("Log lines.", 64)] | None = None


class Intent(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing shoppers want, and how they say it."""

    label: Label
    name: Annotated[str, text_of("The intent's own name.", "order_status", 60, _NAME)]
    examples: Annotated[
        list[Annotated[str, text_of("A shopper's words.", "Where is my order?", 500)]],
        Meta(
            description="How shoppers ask for it.",
            examples=[["Where is my order?"]],
            min_length=1,
            max_length=200,
        ),
    ]


class AgentPart(Struct, frozen=True, forbid_unknown_fields=True):
    """What an agent serves; the router learns from it."""

    labels: Annotated[
        list[Label],
        Meta(description="What it serves.", examples=[["order"]], min_length=1, max_length=20),
    ]
    intents: Annotated[
        list[Intent], Meta(description="What shoppers want of it.", max_length=100)
    ] = []


class ConnectorPart(Struct, frozen=True, forbid_unknown_fields=True):
    """What a connector serves."""

    tools: Annotated[
        list[Annotated[str, text_of("A tool's name.", "commerce.orders.get", 100, _TOOL)]],
        Meta(
            description="The tools it serves.",
            examples=[["commerce.orders.get"]],
            min_length=1,
            max_length=200,
        ),
    ]


class SecretAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """A header the merchant fills in; the host adds it to granted requests, the plugin never
    sees it."""

    header: Annotated[
        str, text_of("The header's name.", "Authorization", 60, "[A-Za-z][A-Za-z0-9-]*")
    ]
    why: Annotated[str, text_of("What it is, in words.", "The shop's API key.", 200)]
    optional: Annotated[
        bool, Meta(description="Whether the plugin works without it.", examples=[True])
    ] = False


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """A plugin as its author declares it."""

    id: PluginId
    version: Semver
    kind: Annotated[Kind, Meta(description="What it does.", examples=["agent"])]
    title: Annotated[str, text_of("Its name for people.", "Order status", 60)]
    description: Annotated[
        str, text_of("What it does for a merchant, in a sentence or two.", "Tells shoppers …", 500)
    ]
    licence: Annotated[str, text_of("An SPDX expression.", "Apache-2.0", 100)]
    entry: Annotated[
        str,
        text_of(
            "The module that binds `plugin`; of a component its file; of a bundle bundle.toml.",
            "hyperpersonal_plugin_order_status",
            120,
            f"{_MODULE}|{_COMPONENT}|bundle\\.toml",
        ),
    ]
    hooks: Annotated[
        list[str],
        Meta(description="The hooks it serves.", examples=[["reply"]], max_length=20),
    ]
    runtime: Runtime = Runtime()
    capabilities: Annotated[
        list[CapabilityAsk], Meta(description="What it asks for.", max_length=50)
    ] = []
    limits: LimitsAsk = LimitsAsk()
    agent: AgentPart | None = None
    connector: ConnectorPart | None = None
    secrets: Annotated[
        list[SecretAsk], Meta(description="Headers the merchant fills in.", max_length=10)
    ] = []
    listing: Listing | None = None
    config: Annotated[
        dict[str, Any], Meta(description="JSON Schema of an installation's config.")
    ] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """The publisher's part of the id."""
        return self.id.partition("/")[0]

    @property
    def required(self) -> CapabilitySet:
        """What it cannot work without."""
        return CapabilitySet.parse(item.ask for item in self.capabilities if not item.optional)

    @property
    def asked(self) -> CapabilitySet:
        """All it asks for; grants lie within."""
        return CapabilitySet.parse(item.ask for item in self.capabilities)


def schema() -> dict[str, Any]:
    """The published JSON Schema of `plugin.toml`."""
    (top,), parts = msgspec.json.schema_components([Manifest], ref_template="#/$defs/{name}")
    head = {"$schema": SCHEMA_DIALECT, "title": "The manifest of a HyperPersonal plugin"}
    return {**head, **top, "$defs": without_null(parts)}


def without_null(value: Any) -> Any:
    """TOML has no null: what may be left out is simply not required."""
    if isinstance(value, list):
        return [without_null(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "anyOf" in value:
        (kept,) = (choice for choice in value["anyOf"] if choice != {"type": "null"})
        return without_null(kept)
    return {key: without_null(item) for key, item in value.items()}


def parse(source: str) -> Manifest:
    """The manifest of a `plugin.toml` text.

    Raises:
        ManifestError: with every fault, its line, its key and what to write.
    """
    from hyperpersonal_sdk import manifest_checks  # brings jsonschema: only who checks pays for it

    data = _load(source)
    problems = manifest_checks.shape_problems(source, data)
    if problems:
        raise ManifestError(problems)
    manifest = msgspec.convert(data, Manifest)
    problems = manifest_checks.meaning_problems(source, manifest)
    if problems:
        raise ManifestError(problems)
    return manifest


def read(source: str) -> Manifest:
    """The manifest of a text that was checked before it was signed: shape only, for every load.

    Raises:
        ManifestError: the text is not even of the right shape.
    """
    try:
        return msgspec.convert(_load(source), Manifest)
    except msgspec.ValidationError as error:
        raise ManifestError([f"{MANIFEST_FILE}: {error}"]) from error


def _load(source: str) -> dict[str, Any]:
    if len(source.encode()) > MANIFEST_BYTES_MAX:
        raise ManifestError([f"{MANIFEST_FILE}: more than {MANIFEST_BYTES_MAX} bytes"])
    try:
        return tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestError([f"{MANIFEST_FILE} is not TOML: {error}"]) from error
