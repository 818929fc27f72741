"""Tools are named by interface; the tenant's connector serves them, under its own grants."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallScope, HookCall, PluginHost
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer, Outcome
from hyperpersonal_sdk.contract.tools import ToolCall, ToolResult
from msgspec import structs

from hyperpersonal_core.installations.journal import TurnJournals
from hyperpersonal_core.installations.releases import ReleaseStore
from hyperpersonal_core.installations.service import Installations
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.tracing import traceparent

CALL_DEADLINE_MS = 15_000
GRACE_S = 1.0


class Tools:
    """The runtime's ToolPort. The host that serves the agent also serves the connector."""

    def __init__(
        self,
        host: PluginHost,
        installations: Installations,
        releases: ReleaseStore,
        journals: TurnJournals,
    ) -> None:
        self._journals = journals
        self._host = host
        self._installations = installations
        self._releases = releases

    async def call(
        self, scope: CallScope, tool: str, arguments: dict[str, Any], idempotency_key: str
    ) -> HostAnswer:
        """Call a tool of the scope's tenant; fails with `unavailable` when nothing serves it."""
        try:
            version = self._journals.bundle_version(scope)
            talk = UUID(scope.conversation_id) if scope.conversation_id else None
            bundle = await self._installations.bundle(UUID(scope.tenant_id), version, talk)
            server = bundle.server_of(tool)
            if server is None:
                return _failed(FailureKind.UNAVAILABLE, f"no installed connector serves {tool}")
            release = await self._releases.load(server.digest, unreviewed=server.unreviewed)
            call = ToolCall(tool, arguments, idempotency_key, server.config, scope.money_max)
            payload = msgspec.json.encode(call)
            hook = server.call(release, "call_tool", payload, scope, CALL_DEADLINE_MS)
            return await self._run(structs.replace(hook, traceparent=traceparent()), tool)
        except (RefusedError, OutsideError) as error:
            return _failed(FailureKind.UNAVAILABLE, f"{tool} cannot be served now: {error}")

    async def _run(self, call: HookCall, tool: str) -> HostAnswer:
        try:
            async with asyncio.timeout(call.limits.deadline_ms / 1000 + GRACE_S):
                result = await self._host.call(call)
        except TimeoutError:
            return _failed(FailureKind.FAILED, f"{tool} did not answer in time")
        self._journals.told(call, result)
        if result.outcome is not Outcome.OK:
            return _failed(FailureKind.FAILED, f"{tool} failed: {result.outcome} {result.detail}")
        try:
            msgspec.json.decode(result.value, type=ToolResult)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return _failed(FailureKind.FAILED, f"{tool} gave an answer that is no ToolResult")
        return HostAnswer(result.value.decode())


def _failed(kind: FailureKind, message: str) -> HostAnswer:
    return HostAnswer(failure=Failure(kind, message))
