"""A plugin's files in the real sandbox, with fakes for everything outside: for authors' tests.

async with open_sandbox(files, "my_plugin", grants, tools={"commerce.orders.get": order}) as box:
    result = await box.call("reply", {"text": "where is #W1?"})
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from hyperpersonal_sdk.contract.models import GenerateAnswer, GenerateAsk
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer
from hyperpersonal_sdk.contract.tools import Amount, ToolResult
from hyperpersonal_sdk.testing.fixtures import Fixture
from msgspec import Struct, field

from hyperpersonal_runtime.calls import (
    CallResult,
    HookCall,
    Limits,
    SealedRelease,
    limits_of,
)
from hyperpersonal_runtime.egress.fetcher import LOOPBACK, Exchange, Fetcher, Request
from hyperpersonal_runtime.fixture_replay import FixtureReplays
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.journal import Entry
from hyperpersonal_runtime.ports import CallScope, Ports

T = TypeVar("T")
Tools = Mapping[str, Any] | Callable[[str, dict[str, Any]], Any]
Http = Callable[[str, str, dict[str, str], str], tuple[int, str]]

CALL_SECONDS_MAX = 60
START_SECONDS_MAX = 600  # the guest may have to be built first
_NONE = Amount(0)


class World(Struct):
    """What the fakes answer with, and what they saw.

    Args:
        tools: answers by tool name (a value, or a function of the arguments), or one function of
            (name, arguments). A `Failure` is answered as the tool's failure. They move no money;
            answer a `HostAnswer` of a `ToolResult` for one that does.
        passages: what `knowledge.search` finds. facts: what is known of the contact.
        http: function of (method, url, headers, body) that gives (status, body).
        model: what `model.generate` answers (a GenerateAnswer as JSON, or a function of the
            GenerateAsk that gives one); None: no model is installed.
        secrets: headers the host adds to every request, or a function of its URL that gives them.
    """

    tools: Tools = field(default_factory=dict)
    passages: list[Any] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    http: Http | None = None
    model: dict[str, Any] | Callable[[GenerateAsk], Any] | None = None
    secrets: dict[str, str] | Callable[[str], dict[str, str]] = field(default_factory=dict)
    kv: dict[str, str] = field(default_factory=dict)
    tool_calls: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    model_asks: list[GenerateAsk] = field(default_factory=list)
    deltas: list[str] = field(default_factory=list)
    saved: list[list[Entry]] = field(default_factory=list)


class FakePorts:
    """All ports of one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def ports(self) -> Ports:
        world = self.world
        return Ports(
            _Memory(world), _Tools(world), _Kv(world), _Model(world), _Secrets(world), _Keep(world)
        )


class Sandbox:
    """One plugin in its sandbox. `world` may be changed between calls."""

    def __init__(
        self, host: Host, call: HookCall, world: World, replays: FixtureReplays | None = None
    ) -> None:
        self._host = host
        self._call = call
        self._replays = replays
        self.world = world

    async def call(self, hook: str, payload: Any, **changes: Any) -> CallResult:
        """Run one hook with a JSON-able payload; `changes` are other fields of HookCall."""
        data = msgspec.json.encode(payload)
        call = msgspec.structs.replace(self._call, hook=hook, payload=data, **changes)
        return await self._host.call(call)

    async def replay(self, fixture: Fixture, grants: Iterable[str]) -> list[str]:
        """What is not as the fixture says, in words; see FixtureReplays."""
        assert self._replays is not None
        call = msgspec.structs.replace(self._call, grants=tuple(grants))
        found = await self._replays.differences(call, fixture)
        return [f"{one.kind}: {one.words}\n  was {one.before}\n  is  {one.after}" for one in found]


@asynccontextmanager
async def open_sandbox(
    files: Mapping[str, bytes],
    entry: str,
    grants: Iterable[str] = (),
    tools: Tools | None = None,
    *,
    cache: Path | None = None,
    limits: Limits | None = None,
    runtime_kind: str = "python",
    **world: Any,
) -> AsyncIterator[Sandbox]:
    """A sandbox with a worker process of its own.

    Args:
        files: path -> bytes, as they would be signed.
        entry: the module that binds the plugin.
        grants: capability texts.
        tools: answers of tools, see World.
        cache: folder of compiled guests; the project's `.hp/cache/guest` when left out.
        limits: other than the platform's defaults.
        runtime_kind: what the plugin is made of; `entry` is then what its manifest says.
        **world: the other fields of World.
    """
    outside = World(tools=tools or {}, **world)
    host = Host(cache or default_cache(), workers=1, lanes=4, fetcher=WorldFetcher(outside))
    replays = FixtureReplays(cache or default_cache())
    await host.start(FakePorts(outside).ports())
    try:
        call = hook_call(files, entry, grants, limits, runtime_kind=runtime_kind)
        yield Sandbox(host, call, outside, replays)
    finally:
        await replays.close()
        await host.close()


class SandboxServer:
    """The same for tests that are not async: one host on its own thread, kept for many tests."""

    def __init__(self, cache: Path | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._world = World()
        self._host = Host(
            cache or default_cache(), workers=1, lanes=4, fetcher=WorldFetcher(self._world)
        )
        self._run(self._host.start(FakePorts(self._world).ports()), START_SECONDS_MAX)

    @property
    def world(self) -> World:
        """What the last call saw."""
        return self._world

    @property
    def worker_pids(self) -> tuple[int, ...]:
        return self._host.worker_pids

    def call(
        self,
        release: HookCall,
        hook: str,
        payload: Any,
        world: World | None = None,
        **changes: Any,
    ) -> CallResult:
        """Run one hook of what `hook_call` made, in the given world; see Sandbox.call."""
        for name, value in msgspec.structs.asdict(world or World()).items():
            setattr(self._world, name, value)
        box = Sandbox(self._host, release, self._world)
        return self._run(box.call(hook, payload, **changes), CALL_SECONDS_MAX)

    def close(self) -> None:
        self._run(self._host.close(), CALL_SECONDS_MAX)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T], seconds_max: float) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds_max)


def hook_call(
    files: Mapping[str, bytes],
    entry: str,
    grants: Iterable[str] = (),
    limits: Limits | None = None,
    *,
    runtime_kind: str = "python",
) -> HookCall:
    """A call of a release made of these files, in a turn of its own."""
    digest = sha256(repr((sorted(files.items()), entry)).encode()).hexdigest()
    about = ("test/plugin", "0.0.0", f"sha256:{digest}", entry)
    release = SealedRelease(*about, dict(files), runtime_kind)
    scope = CallScope("tenant", "installation", "turn", "conversation", "contact")
    limits = limits or limits_of(runtime_kind)
    return HookCall(release, "reply", b"{}", scope, tuple(grants), limits)


def default_cache() -> Path:
    """`cache/guest` of HP_DATA_DIR, else of the nearest `.hp` above, else of one here."""
    if given := os.environ.get("HP_DATA_DIR"):
        return Path(given) / "cache" / "guest"
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / ".hp").is_dir()), here)
    return root / ".hp" / "cache" / "guest"


class _Memory:
    def __init__(self, world: World) -> None:
        self._world = world

    async def recall(self, _scope: CallScope, _query: str, limit: int) -> HostAnswer:
        facts = [{"key": key, "value": value} for key, value in self._world.facts.items()]
        return HostAnswer({"facts": facts[:limit], "passages": self._world.passages[:limit]})

    async def remember(self, _scope: CallScope, key: str, value: Any, _call_key: str) -> HostAnswer:
        self._world.facts[key] = value
        return HostAnswer({})

    async def search(self, _scope: CallScope, _query: str, limit: int) -> HostAnswer:
        return HostAnswer({"passages": self._world.passages[:limit]})


class _Tools:
    def __init__(self, world: World) -> None:
        self._world = world

    async def call(
        self, _scope: CallScope, tool: str, arguments: dict[str, Any], idempotency_key: str
    ) -> HostAnswer:
        self._world.tool_calls.append((tool, arguments, idempotency_key))
        value = self._value(tool, arguments)
        if asyncio.iscoroutine(value):
            value = await value
        if isinstance(value, Failure):
            return HostAnswer(ToolResult(failure=value))
        return (
            value if isinstance(value, HostAnswer) else HostAnswer(ToolResult(value, moved=_NONE))
        )

    def _value(self, tool: str, arguments: dict[str, Any]) -> Any:
        tools = self._world.tools
        if callable(tools):
            return tools(tool, arguments)
        if tool not in tools:
            return Failure(FailureKind.UNAVAILABLE, f"no connector serves {tool}")
        found = tools[tool]
        return found(arguments) if callable(found) else found


class _Kv:
    def __init__(self, world: World) -> None:
        self._world = world

    async def get(self, _scope: CallScope, key: str) -> HostAnswer:
        return HostAnswer(self._world.kv.get(key))

    async def put(self, _scope: CallScope, key: str, value: str, bytes_max: int) -> HostAnswer:
        used = sum(len(k) + len(v) for k, v in self._world.kv.items() if k != key)
        if used + len(key) + len(value) > bytes_max:
            return HostAnswer(failure=Failure(FailureKind.LIMIT, f"at most {bytes_max} bytes"))
        self._world.kv[key] = value
        return HostAnswer({})

    async def delete(self, _scope: CallScope, key: str) -> HostAnswer:
        self._world.kv.pop(key, None)
        return HostAnswer({})

    async def keys(self, _scope: CallScope, prefix: str, limit: int) -> HostAnswer:
        return HostAnswer([key for key in sorted(self._world.kv) if key.startswith(prefix)][:limit])


class _Model:
    def __init__(self, world: World) -> None:
        self._world = world

    async def generate(
        self, _scope: CallScope, ask: GenerateAsk, _tier: str, _seen: Callable[[], Iterable[Entry]]
    ) -> HostAnswer:
        self._world.model_asks.append(ask)
        model = self._world.model
        if model is None:
            return HostAnswer(failure=Failure(FailureKind.UNAVAILABLE, "no model is installed"))
        answer = msgspec.convert(model(ask) if callable(model) else model, GenerateAnswer)
        return HostAnswer(answer, cost=msgspec.structs.asdict(answer.usage))

    async def delta(self, _scope: CallScope, text: str) -> HostAnswer:
        self._world.deltas.append(text)
        return HostAnswer({})


class _Secrets:
    def __init__(self, world: World) -> None:
        self._world = world

    async def headers_for(self, _scope: CallScope, url: str) -> dict[str, str]:
        secrets = self._world.secrets
        return secrets(url) if callable(secrets) else secrets


class _Keep:
    def __init__(self, world: World) -> None:
        self._world = world

    async def save(self, _scope: CallScope, entries: list[Entry]) -> None:
        self._world.saved.append(entries)


class WorldFetcher(Fetcher):
    """Answers from the world's `http`, or really goes out when it has none; to a server of the
    test on this machine, too."""

    def __init__(self, world: World) -> None:
        super().__init__(private_hosts=LOOPBACK)
        self._world = world

    async def send(self, request: Request) -> Exchange:
        if self._world.http is None:
            return await super().send(request)
        headers, body = dict(request.headers), request.body.decode()
        status, text = self._world.http(request.method, request.url.text, headers, body)
        return _Told(status, text.encode())


class _Told(Exchange):
    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status, [("content-type", "application/json")])
        self._body = body

    async def read(self) -> bytes:
        body, self._body = self._body, b""
        return body
