"""What a tenant's guards say of a draft; each verdict as for a finished reply."""

import asyncio
import itertools
from typing import NamedTuple
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallScope, PluginHost
from hyperpersonal_sdk.contract.hooks import ReviewAsk, ReviewVerdict
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs

from hyperpersonal_core.installations.journal import TurnJournals
from hyperpersonal_core.installations.releases import ReleaseStore
from hyperpersonal_core.installations.service import Installations
from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.kit.errors import OutsideError, RefusedError

HOOK = "review_reply"
GUARD_MS = 1_000


class Plugins(NamedTuple):
    """How hooks of installed plugins are called on behalf of a turn."""

    host: PluginHost
    installations: Installations
    releases: ReleaseStore
    journals: TurnJournals


class Reviews:
    """Asks guards about drafts."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._numbers = itertools.count(1)

    async def passes(self, scope: CallScope, talk: tuple[str, str], version: int | None) -> bool:
        """Whether every guard lets a text pass. `talk`: what was asked, what would be shown."""
        place = UUID(scope.conversation_id) if scope.conversation_id else None
        bundle = await self._plugins.installations.bundle(UUID(scope.tenant_id), version, place)
        if not bundle.guards:
            return True
        question, text = talk
        shown = {"text": text, "status": "done", "confidence": 0.5, "evidence": []}
        payload = msgspec.json.encode(ReviewAsk(question, shown))
        number = next(self._numbers)
        asks = [
            self._asks(guard, structs.replace(scope, path=f"draft{number}-guard{place}"), payload)
            for place, guard in enumerate(bundle.guards, 1)
        ]
        return all(await asyncio.gather(*asks))

    async def _asks(self, guard: Installation, scope: CallScope, payload: bytes) -> bool:
        """A guard that cannot say so does not let it pass."""
        try:
            load = self._plugins.releases.load
            release = await load(guard.digest, unreviewed=guard.unreviewed)
            call = guard.call(release, HOOK, payload, scope, GUARD_MS)
            result = await self._plugins.host.call(call)
        except (RefusedError, OutsideError):
            return False
        self._plugins.journals.told(call, result)
        if result.outcome is not Outcome.OK:
            return False
        return msgspec.json.decode(result.value, type=ReviewVerdict).verdict == "pass"
