"""`bundle.toml`: what a merchant composes: agents in order, rules, hours, voice, ceilings, needs.

Rules:
1. The structs below are the format; the published JSON Schema is generated from them.
2. `parse` either gives a `Bundle` in which everything holds, or names every fault with its line.
3. A bundle names plugins and ranges of versions; which releases fit is the solver's to say, and a
   lock's to keep. It asks for nothing and grants nothing itself.
"""

import tomllib
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from hyperpersonal_sdk import hours
from hyperpersonal_sdk.errors import BundleError
from hyperpersonal_sdk.listing import AMOUNT, Language
from hyperpersonal_sdk.manifest import (
    SCHEMA_DIALECT,
    PluginId,
    Semver,
    text_of,
    without_null,
)

BUNDLE_FILE = "bundle.toml"
LOCK_FILE = "bundle.lock"
BUNDLE_BYTES_MAX = 64 * 1024
AGENTS_MAX = 50
RULES_MAX = 200

_BOUND = "(?:\\^|~|>=|<=|>|<|=)?[0-9]+(?:\\.[0-9]+(?:\\.[0-9]+(?:-[0-9a-z]+(?:\\.[0-9a-z]+)*)?)?)?"
_RANGE = f"\\*|{_BOUND}(?: {_BOUND}){{0,3}}"
_INTERFACE = "[a-z][a-z0-9_]*(?:\\.[a-z][a-z0-9_]*)+"

VersionRange = Annotated[str, text_of("Which versions will do.", "^1.2", 100, _RANGE)]
SpanText = Annotated[
    str, text_of("Days and times by the clock on the wall.", "mon-fri 09:00-17:30", 40, hours.SPAN)
]
Spans = Annotated[
    list[SpanText],
    Meta(description="When; left out: always.", examples=[["mon-fri 09:00-17:30"]], max_length=50),
]
Languages = Annotated[
    list[Language],
    Meta(description="Languages (BCP 47).", examples=[["en", "de"]], max_length=20),
]
Phrase = Annotated[str, text_of("A word or phrase.", "unfortunately", 80)]


class AgentPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """One agent of the bundle; the order of these tables is the order in which they are asked."""

    plugin: PluginId
    version: VersionRange = "*"
    hours: Spans = []
    languages: Languages = []


class Need(Struct, frozen=True, forbid_unknown_fields=True):
    """A plugin that is no agent: a connector, model or guard; or any that serves an interface."""

    plugin: PluginId | None = None
    interface: (
        Annotated[str, text_of("An interface somebody must serve.", "commerce.orders", 80,
                               _INTERFACE)]
        | None
    ) = None  # fmt: skip
    version: VersionRange = "*"


class BundleRule(Struct, frozen=True, forbid_unknown_fields=True):
    """What the merchant decides before anything the router has learnt."""

    when: Annotated[
        str,
        text_of("Words that must all appear, or a regular expression between slashes.",
                "gift card", 200),
    ]  # fmt: skip
    to: Annotated[str, text_of("An agent's id or label, `person` or `decline`.", "acme/gifts", 81)]


class People(Struct, frozen=True, forbid_unknown_fields=True):
    """When people are there to take over."""

    hours: Spans = []
    closed: Annotated[
        list[Annotated[str, text_of("A date.", "2026-12-25", 10, "[0-9]{4}-[0-9]{2}-[0-9]{2}")]],
        Meta(description="Days of nobody.", max_length=200),
    ] = []


class BrandVoice(Struct, frozen=True, forbid_unknown_fields=True):
    """How the shop sounds. Agents are told of it; facts are never reworded."""

    name: Annotated[str, Meta(description="Who speaks.", max_length=60, examples=["Fern"])] = ""
    tone: Annotated[list[Phrase], Meta(description="A few words.", max_length=8)] = []
    greeting: Annotated[
        str, Meta(description="Begins a talk.", max_length=200, examples=["Hello from Fernhill!"])
    ] = ""
    sign_off: Annotated[
        str, Meta(description="Ends a settled answer.", max_length=200, examples=["Fern"])
    ] = ""
    avoid: Annotated[list[Phrase], Meta(description="Never said.", max_length=50)] = []


class Ceilings(Struct, frozen=True, forbid_unknown_fields=True):
    """What no choice of releases may go beyond."""

    price: (
        Annotated[
            str,
            Meta(description="All plugins together, a month.", examples=["99.00 USD"],
                 pattern=AMOUNT),
        ]
        | None
    ) = None  # fmt: skip
    capabilities: (
        Annotated[
            list[Annotated[str, text_of("A capability.", "tool:commerce.orders.read", 300)]],
            Meta(description="No plugin may ask for more.", max_length=50),
        ]
        | None
    ) = None


class Bundle(Struct, frozen=True, forbid_unknown_fields=True):
    """What a merchant composes, as it is written."""

    id: PluginId
    version: Semver
    title: Annotated[str, text_of("Its name for people.", "Evening team", 60)]
    description: Annotated[
        str, text_of("What it is good for, in a sentence or two.", "Answers until midnight …", 500)
    ]
    agents: Annotated[
        list[AgentPlace],
        Meta(description="The agents, in order.", min_length=1, max_length=AGENTS_MAX),
    ]
    licence: Annotated[str, text_of("An SPDX expression.", "Apache-2.0", 100)] = "Apache-2.0"
    zone: Annotated[str, text_of("Whose wall clock counts.", "Europe/Berlin", 60)] = "UTC"
    languages: Languages = field(default_factory=lambda: ["en"])
    fallback: Annotated[
        list[Annotated[str, text_of("An agent's id, `person` or `decline`.", "person", 81)]],
        Meta(description="Who takes what no agent takes, in order.", examples=[["person"]],
             min_length=1, max_length=5),
    ] = field(default_factory=lambda: ["person"])  # fmt: skip
    needs: Annotated[list[Need], Meta(description="What it works with.", max_length=50)] = []
    rules: Annotated[
        list[BundleRule], Meta(description="The first that matches decides.", max_length=RULES_MAX)
    ] = []
    people: People = People()
    voice: BrandVoice = BrandVoice()
    ceilings: Ceilings = Ceilings()

    @property
    def plugins(self) -> dict[str, str]:
        """Plugin id -> range, agents first, each as it is written."""
        named = {need.plugin: need.version for need in self.needs if need.plugin}
        return {place.plugin: place.version for place in self.agents} | named

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The interfaces it needs by name."""
        return tuple(need.interface for need in self.needs if need.interface)

    def hours_of(self, place: AgentPlace) -> hours.Hours | None:
        """When an agent answers; None: always."""
        return hours.parse(self.zone, place.hours) if place.hours else None

    @property
    def people_hours(self) -> hours.Hours | None:
        """When people are there; None: always."""
        if not self.people.hours and not self.people.closed:
            return None
        spans = self.people.hours or ["mon-sun 00:00-24:00"]
        return hours.parse(self.zone, spans, self.people.closed)


def schema() -> dict[str, Any]:
    """The published JSON Schema of `bundle.toml`."""
    (top,), parts = msgspec.json.schema_components([Bundle], ref_template="#/$defs/{name}")
    head = {"$schema": SCHEMA_DIALECT, "title": "A HyperPersonal bundle of agents"}
    return {**head, **top, "$defs": without_null(parts)}


def parse(source: str) -> Bundle:
    """The bundle of a `bundle.toml` text.

    Raises:
        BundleError: with every fault, its line, its key and what to write.
    """
    from hyperpersonal_sdk import bundle_checks  # brings jsonschema: only who checks pays for it

    if len(source.encode()) > BUNDLE_BYTES_MAX:
        raise BundleError([f"{BUNDLE_FILE}: more than {BUNDLE_BYTES_MAX} bytes"])
    try:
        data = tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BundleError([f"{BUNDLE_FILE} is not TOML: {error}"]) from error
    problems = bundle_checks.shape_problems(source, data)
    if problems:
        raise BundleError(problems)
    bundle = msgspec.convert(data, Bundle)
    problems = bundle_checks.meaning_problems(source, bundle)
    if problems:
        raise BundleError(problems)
    return bundle
