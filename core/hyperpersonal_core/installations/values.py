"""An installation (tenant x plugin), and the bundle a tenant composed. Pure values."""

from typing import Any, Literal, Protocol
from uuid import UUID

from hyperpersonal_runtime.api import (
    CallScope,
    HookCall,
    Limits,
    SealedRelease,
    limits_of,
)
from msgspec import Struct, structs

from hyperpersonal_core.composition.values import AgentTerms, Composition
from hyperpersonal_core.routing.decision import AgentCard

PluginKind = Literal["agent", "connector", "channel", "model", "guard"]
Headers = dict[str, str]


class NewInstallation(Struct, frozen=True):
    """What an install or an update writes.

    Args:
        digest: of the verified artifact, `sha256:…`.
        manifest: as signed, JSON of the sdk's Manifest.
        grants: capability texts, a subset of what the manifest asks.
        secrets: url prefix -> headers the host adds; never shown to a plugin.
        enabled: an update leaves it as it is.
        tried: False: it is none before `Installations.tried`, and gone when that does not come.
        unreviewed: whether the tenant accepts that nobody reviewed this release; None: an update
            leaves it as it is.
    """

    plugin_id: str
    version: str
    digest: str
    kind: PluginKind
    manifest: dict[str, Any]
    grants: tuple[str, ...] = ()
    config: dict[str, Any] = {}
    secrets: dict[str, Headers] = {}
    enabled: bool = True
    unreviewed: bool | None = None
    tried: bool = True

    def __repr__(self) -> str:
        """Without the secrets: it may come into a log or a traceback."""
        return f"NewInstallation({self.plugin_id!r}, {self.version!r}, {self.digest!r})"


class Installation(Struct, frozen=True):
    """A plugin of a tenant, without its secrets. `position`: its place among the tenant's agents,
    None when it is not in the bundle; `unreviewed`: whether the tenant accepted code that nobody
    reviewed."""

    tenant_id: UUID
    id: UUID
    plugin_id: str
    version: str
    digest: str
    kind: PluginKind
    manifest: dict[str, Any]
    grants: tuple[str, ...]
    config: dict[str, Any]
    enabled: bool
    position: int | None = None
    unreviewed: bool = False

    @property
    def name(self) -> str:
        """The plugin's name without its publisher."""
        return self.plugin_id.partition("/")[2]

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.manifest.get("title") or self.name)

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools it serves, by interface name."""
        return tuple((self.manifest.get("connector") or {}).get("tools") or ())

    def limits(self, deadline_ms: int) -> Limits:
        """The platform's ceilings, lowered by the manifest and by the time that is left."""
        asked = {k: v for k, v in (self.manifest.get("limits") or {}).items() if v is not None}
        kind = (self.manifest.get("runtime") or {}).get("kind", "")
        limits = structs.replace(limits_of(kind), **asked)
        return structs.replace(limits, deadline_ms=max(1, min(limits.deadline_ms, deadline_ms)))

    def call(
        self, release: SealedRelease, hook: str, payload: bytes, scope: CallScope, deadline_ms: int
    ) -> HookCall:
        """A call of one of its hooks, under its own id, grants and limits."""
        scope = structs.replace(scope, installation_id=str(self.id))
        limits = self.limits(deadline_ms)
        call = HookCall(release, hook, payload, scope, self.grants, limits)
        return structs.replace(call, unreviewed=True) if self.unreviewed else call


class Trial(Protocol):
    """A candidate release that answers some conversations (`canaries.Canary`)."""

    @property
    def candidate(self) -> Installation: ...

    def takes(self, tenant_id: UUID, conversation_id: UUID) -> bool: ...


class Bundle(Struct, frozen=True):
    """A tenant's enabled installations. `cards` are its agents, in the tenant's order; every
    reply passes its `guards`; `composition` says when they serve and how they sound; `canaries`
    are candidates for some of them."""

    version: int
    installations: dict[UUID, Installation]
    cards: tuple[AgentCard, ...]
    servers: dict[str, UUID]
    guards: tuple[Installation, ...] = ()
    composition: Composition = Composition()
    canaries: tuple[Trial, ...] = ()

    def server_of(self, tool: str) -> Installation | None:
        """The connector that serves a tool, if one is installed and enabled."""
        found = self.servers.get(tool)
        return None if found is None else self.installations[found]


def compose(
    version: int, installations: list[Installation], composition: Composition | None = None
) -> Bundle:
    """The bundle of these installations (oldest first: the first connector serves a tool)."""
    enabled = [one for one in installations if one.enabled]
    agents = [one for one in enabled if one.kind == "agent" and one.position is not None]
    agents.sort(key=lambda one: one.position or 0)
    servers: dict[str, UUID] = {}
    for one in enabled:
        for tool in one.tools if one.kind == "connector" else ():
            servers.setdefault(tool, one.id)
    composition = composition or Composition()
    cards = tuple(card(agent, composition.terms(agent.plugin_id)) for agent in agents)
    guards = tuple(one for one in enabled if one.kind == "guard")
    by_id = {one.id: one for one in enabled}
    return Bundle(version, by_id, cards, servers, guards, composition)


def for_conversation(bundle: Bundle, tenant_id: UUID, conversation: UUID | None) -> Bundle:
    """The bundle with the candidates that answer this conversation. Cards and tools stay those of
    the installed releases, so that both arms are asked the same and can be compared."""
    if conversation is None or not bundle.canaries:
        return bundle
    taken = [one for one in bundle.canaries if one.takes(tenant_id, conversation)]
    tried = {one.candidate.id: one.candidate for one in taken}
    placed = {key: tried.get(key, one) for key, one in bundle.installations.items()}
    guards = tuple(tried.get(one.id, one) for one in bundle.guards)
    return structs.replace(bundle, installations=placed, guards=guards)


def card(agent: Installation, terms: AgentTerms) -> AgentCard:
    """What the router learns of an agent from its signed manifest."""
    part = agent.manifest.get("agent") or {}
    examples: dict[str, tuple[str, ...]] = {}
    for intent in part.get("intents") or ():
        label = intent["label"]
        examples[label] = (*examples.get(label, ()), *intent.get("examples", ()))
    labels = tuple(part.get("labels") or ())
    return AgentCard(agent.id, agent.name, labels, examples, agent.plugin_id, terms.languages)
