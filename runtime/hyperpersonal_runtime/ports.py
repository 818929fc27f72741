"""What the runtime needs from its host, as ports. The core implements them; tests use fakes.

Rules: a port never raises for a foreseen failure, it answers `HostAnswer(failure=...)`; every
implementation has its own deadline; nothing here knows a database or a vendor.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from hyperpersonal_sdk.contract.models import GenerateAsk, Tier
from hyperpersonal_sdk.contract.outcomes import HostAnswer
from msgspec import Struct

from hyperpersonal_runtime.journal import Entry


class CallScope(Struct, frozen=True):
    """On whose behalf a hook runs. Ids are UUID strings; empty where there is no conversation.

    `path` is the journal number of the agent's tool call a connector serves ('' for the agent
    itself): the connector's own calls are then numbered '3.1', '3.2'. `money_max` is the most
    this very tool call may move, in minor units by currency: what the agent's `money:` grants leave
    of the turn (None: nothing); the ToolPort hands it on as ToolCall.money_max.
    """

    tenant_id: str
    installation_id: str
    turn_id: str = ""
    conversation_id: str = ""
    contact_id: str = ""
    path: str = ""
    money_max: dict[str, int] | None = None

    @property
    def nested(self) -> bool:
        """Whether a connector serves a call here: the path then ends with that call's number.

        An agent's own path is '', or a name ('agent2') for the next agents of the same turn."""
        return self.path.rpartition(".")[2].isdigit()


class MemoryPort(Protocol):
    """Facts about the scope's contact and the tenant's knowledge."""

    async def recall(self, scope: CallScope, query: str, limit: int) -> HostAnswer: ...
    async def remember(
        self, scope: CallScope, key: str, value: Any, call_key: str
    ) -> HostAnswer: ...
    async def search(self, scope: CallScope, query: str, limit: int) -> HostAnswer: ...


class ToolPort(Protocol):
    """Finds the tenant's connector for a tool and calls it.

    `idempotency_key` is `turn:call` for writes, empty for reads. The answer's value is the JSON
    of contract.tools.ToolResult, as text. The scope has `path` set to the call's number: a
    connector's HookCall is made with that scope, its own installation_id and this key as
    `idempotency_key`."""

    async def call(
        self, scope: CallScope, tool: str, arguments: dict[str, Any], idempotency_key: str
    ) -> HostAnswer: ...


class KvPort(Protocol):
    """A small store per installation. Values are JSON texts; the byte quota is the grant's."""

    async def get(self, scope: CallScope, key: str) -> HostAnswer: ...
    async def put(self, scope: CallScope, key: str, value: str, bytes_max: int) -> HostAnswer: ...
    async def delete(self, scope: CallScope, key: str) -> HostAnswer: ...
    async def keys(self, scope: CallScope, prefix: str, limit: int) -> HostAnswer: ...


class ModelPort(Protocol):
    """Serves `model.generate`; answers `unavailable` while no model plugin is installed.

    The scope's `path` is the call's own number. The answer's value is a GenerateAnswer without an
    error; its `cost` says what all tries together took. `seen` gives what the turn has called so
    far: a draft that is shown while it grows is checked against it. `delta` is what a model plugin
    tells of its answer as it comes; the scope is then the plugin's own."""

    async def generate(
        self, scope: CallScope, ask: GenerateAsk, tier: Tier, seen: Callable[[], Iterable[Entry]]
    ) -> HostAnswer: ...
    async def delta(self, scope: CallScope, text: str) -> HostAnswer: ...


class SecretPort(Protocol):
    """The headers the host adds to an allowed request of this installation (credentials)."""

    async def headers_for(self, scope: CallScope, url: str) -> dict[str, str]: ...


class JournalPort(Protocol):
    """Durable home of a turn's journal. `entries` are `journal.Entry`, in call order.

    `save` is called before a write leaves and at a suspension; entries already saved come
    again only when their answer has arrived (upsert by call number)."""

    async def save(self, scope: CallScope, entries: list[Any]) -> None: ...


class Ports(Struct, frozen=True):
    """All ports of one host. `scripts` (script.Scripts): who answers instead of all of them."""

    memory: MemoryPort
    tools: ToolPort
    kv: KvPort
    model: ModelPort
    secrets: SecretPort
    journal: JournalPort
    scripts: Any = None
