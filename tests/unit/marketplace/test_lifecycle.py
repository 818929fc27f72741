"""Releases are tried before they serve, told of what happens to them, and stopped when revoked."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from fakes.publishing import artifact, manifest
from hyperpersonal_core.api import Kv, Lifecycle, News, ReleaseWatch, tell
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError
from hyperpersonal_marketplace.api import Installer, InstallRefusedError
from hyperpersonal_runtime.api import CallResult, CallScope, HookCall, Host, Limits
from hyperpersonal_runtime.testing import FakePorts, World, default_cache
from hyperpersonal_sdk.contract.outcomes import HostAnswer, Outcome
from msgspec import structs

from .conftest import Market

HOOKS = """from hyperpersonal_sdk import Agent, HostCallFailedError

plugin = Agent()
plugin.reply(lambda turn, host: "Hi")


@plugin.hook("install")
def install(installed, host):
    host.call("kv.put", key="installed", value=installed.installation_id)


@plugin.hook("configure")
def configure(installed, host):
    if installed.config.get("greeting") == "no":
        raise HostCallFailedError("invalid", "we do not say no")
    host.call("kv.put", key="greeting", value=installed.config.get("greeting", ""))


@plugin.hook("uninstall")
def uninstall(installed, host):
    host.call("kv.put", key="bye", value="1")
"""
BROKEN = "from hyperpersonal_sdk import Agent\nplugin = Agent()\nraise ValueError('broken')\n"
SPINS = """from hyperpersonal_sdk import Agent
plugin = Agent()

@plugin.reply
def reply(turn, host):
    host.call("kv.get", key="begun")
    while True:
        host.now()
"""
WAITS = HOOKS.replace(
    """    if installed.config""",
    """    host.call("kv.get", key="begun")
    host.call("kv.get", key="go")
    if installed.config""",
)
DEADLINE_S = 60
CONFIG = """
[config]
type = "object"
[config.properties.greeting]
type = "string"
"""


def with_hooks(text: str) -> str:
    return text.replace(
        'hooks = ["reply"]', 'hooks = ["reply", "install", "configure", "uninstall"]'
    )


class Signs(Kv):
    """Who asks for `begun` tells that it is running; who asks for `go` has it once a test says."""

    def __init__(self, db: Database) -> None:
        super().__init__(db, SystemClock())
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def get(self, scope: CallScope, key: str) -> HostAnswer:
        if key == "begun":
            self.begun.set()
        if key == "go":
            await self.go.wait()
        return await super().get(scope, key)


class Stage:
    """A market with a real host behind its installer."""

    def __init__(self, market: Market, host: Host, bus: Bus, signs: Signs) -> None:
        self.market, self.host, self.bus, self.signs = market, host, bus, signs
        lifecycle = Lifecycle(market.registry, bus)
        lifecycle.host = host
        self.installer = Installer(market.registry, market.installations, lifecycle)

    async def publish(self, version: str, code: str = "", text: str = "") -> None:
        text = text or with_hooks(manifest(version=version, asks=("kv:1MiB",), more=CONFIG))
        await self.market.publish(artifact(text, hello=code or HOOKS))

    async def install(self) -> UUID:
        return await self.installer.install(self.market.tenant_id, "acme/hello", grants=["kv:1MiB"])

    async def kept(self) -> dict[str, str]:
        async with self.market.db.transaction(self.market.tenant_id) as connection:
            rows = await connection.fetch("select key, value from kv")
        return {key: json.loads(value) for key, value in rows}

    async def version(self) -> str:
        (one,) = await self.market.installations.list(self.market.tenant_id)
        assert one.enabled
        return one.version


@pytest.fixture
async def stage(market: Market, bus: Bus, db: Database) -> AsyncIterator[Stage]:
    host = Host(default_cache(), workers=1)
    ports, signs = FakePorts(World()).ports(), Signs(db)
    await host.start(structs.replace(ports, kv=signs))
    yield Stage(market, host, bus, signs)
    await host.close()


async def test_that_a_plugin_is_told_when_it_is_installed_and_configured(stage: Stage) -> None:
    await stage.publish("1.0.0")
    installed = await stage.install()
    assert await stage.kept() == {"installed": str(installed)}
    await stage.installer.configure(stage.market.tenant_id, installed, {"greeting": "hi"})
    assert (await stage.kept())["greeting"] == "hi"
    with pytest.raises(InstallRefusedError) as refused:
        await stage.installer.configure(stage.market.tenant_id, installed, {"greeting": "no"})
    assert "we do not say no" in str(refused.value)
    (one,) = await stage.market.installations.list(stage.market.tenant_id)
    assert one.config == {"greeting": "hi"}
    await stage.installer.uninstall(stage.market.tenant_id, installed)
    assert await stage.market.installations.list(stage.market.tenant_id) == []


async def test_that_what_cannot_run_is_not_installed(stage: Stage) -> None:
    await stage.publish("1.0.0", BROKEN)
    with pytest.raises(InstallRefusedError) as refused:
        await stage.install()
    assert refused.value.reason == "cannot_run"
    assert "broken" in str(refused.value)
    assert await stage.market.installations.list(stage.market.tenant_id) == []


async def test_that_what_cannot_run_never_replaces_what_does(stage: Stage) -> None:
    await stage.publish("1.0.0")
    installed = await stage.install()
    await stage.publish("1.1.0", BROKEN)
    with pytest.raises(InstallRefusedError):
        await stage.installer.update(stage.market.tenant_id, installed)
    assert await stage.version() == "1.0.0"


async def test_that_a_release_without_lifecycle_hooks_is_tried_too(stage: Stage) -> None:
    plain = manifest(asks=("kv:1MiB",))
    await stage.publish("1.0.0", "from hyperpersonal_sdk import Agent\nplugin = Agent()\n", plain)
    await stage.install()
    assert await stage.version() == "1.0.0"


async def test_that_a_rollback_is_one_step_back_and_never_wider(stage: Stage) -> None:
    tenant, both = stage.market.tenant_id, ("knowledge:read", "kv:1MiB")
    await stage.publish("1.0.0", text=with_hooks(manifest(asks=both, more=CONFIG)))
    installed = await stage.installer.install(tenant, "acme/hello", grants=both)
    with pytest.raises(InstallRefusedError) as refused:
        await stage.installer.rollback(tenant, installed)
    assert refused.value.reason == "nothing_before"
    await stage.publish("2.0.0")
    await stage.installer.update(tenant, installed)
    assert await stage.market.grants(installed) == ("kv:1MiB",)
    back = await stage.installer.rollback(tenant, installed)
    assert (back.version, await stage.version()) == ("1.0.0", "1.0.0")
    assert back.grants == ("kv:1MiB",), "what was dropped is not given back"
    assert back.waiting == ("knowledge:read",)
    assert (await stage.installer.rollback(tenant, installed)).version == "2.0.0"


async def test_that_a_grant_narrowed_while_an_update_is_tried_stays_narrow(stage: Stage) -> None:
    await stage.publish("1.0.0")
    installed, tenant = await stage.install(), stage.market.tenant_id
    await stage.publish("2.0.0", WAITS)
    updating = asyncio.create_task(stage.installer.update(tenant, installed))
    await asyncio.wait_for(stage.signs.begun.wait(), DEADLINE_S)
    await stage.installer.consent(tenant, installed, ["kv:1KiB"])
    stage.signs.go.set()
    with pytest.raises(ConflictError, match="changed meanwhile"):
        await updating
    assert await stage.market.grants(installed) == ("kv:1KiB",)
    assert (await stage.installer.update(tenant, installed)).grants == ("kv:1KiB",)


async def test_that_a_revoked_release_is_stopped_in_flight(stage: Stage) -> None:
    await stage.publish("1.0.0", SPINS)
    release = await stage.market.registry.find("acme/hello")
    sealed = await stage.market.registry.load(release.digest)
    watch = ReleaseWatch(stage.bus, stage.host, stage.market.registry, lambda digest: None)
    watching = asyncio.create_task(watch.run())
    scope = CallScope(str(stage.market.tenant_id), str(UUID(int=9)))
    limits = Limits(host_calls=10_000_000, deadline_ms=2 * DEADLINE_S * 1_000)
    payload = b'{"text": "hi", "history": []}'
    call = HookCall(sealed, "reply", payload, scope, ("kv:1MiB",), limits)
    calling: asyncio.Task[CallResult] = asyncio.create_task(stage.host.call(call))
    await asyncio.wait_for(stage.signs.begun.wait(), DEADLINE_S)
    await stage.market.registry.revoke("acme/hello", "1.0.0", "It stole.")
    await tell(stage.bus, News())
    result = await asyncio.wait_for(calling, DEADLINE_S)
    assert (result.outcome, "It stole." in result.detail) == (Outcome.REFUSED, True)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
