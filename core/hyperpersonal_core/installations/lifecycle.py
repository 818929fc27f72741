"""A plugin's own part in being installed, configured and removed; and whether it runs at all.

Rules:
1. A release is tried in a sandbox before it serves: it is compiled, loaded, and asked its hook. One
   that cannot be loaded, or whose hook fails, never takes the place of another.
2. A release that has no such hook has passed when it said so itself.
3. No turn is going on, so it may use what is its own (kv, http, knowledge, models): no tools, no
   money and nobody's memory.
"""

import msgspec
from hyperpersonal_runtime.api import CallResult, CallScope, HookCall, PluginHost, SealedRelease
from hyperpersonal_sdk.contract.hooks import Installed
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs

from hyperpersonal_core.installations.release_watch import News, tell
from hyperpersonal_core.installations.releases import ReleaseStore
from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.errors import OutsideError, RefusedError

DEADLINE_MS = 20_000
OWN = ("kv:", "http:", "knowledge:", "model:")


class Lifecycle:
    """Calls the lifecycle hooks of a process that has, or can reach, sandboxes. `host` is set once
    there is one; until then nothing is tried.

    Args:
        releases: where verified releases come from.
        bus: tells other processes which release comes next; None: there are none.
    """

    def __init__(self, releases: ReleaseStore, bus: Bus | None = None) -> None:
        self._releases = releases
        self._bus = bus
        self._log = log.get("lifecycle")
        self.host: PluginHost | None = None

    async def prepare(self, candidate: Installation, hook: str) -> None:
        """The installation as it would be: made ready everywhere, and asked its hook.

        Raises:
            RefusedError: the release does not run, or its hook would not have it.
            OutsideError: no sandbox is there to try it.
        """
        if self._bus is not None:
            await tell(self._bus, News(candidate.digest, candidate.unreviewed))
        result = await self._ask(candidate, hook)
        if result is None or result.outcome is Outcome.OK or _has_none(candidate, hook, result):
            return
        if result.outcome is Outcome.SUSPENDED:
            raise OutsideError("the sandboxes are closing; try again")
        name = f"{candidate.plugin_id}@{candidate.version}"
        raise RefusedError(f"{name} cannot serve: {result.outcome.value}: {result.detail[:500]}")

    async def leave(self, installation: Installation) -> None:
        """Tell a plugin that it is removed; what it makes of that is its own matter."""
        if "uninstall" not in installation.manifest.get("hooks", ()):
            return
        try:
            result = await self._ask(installation, "uninstall")
        except (RefusedError, OutsideError) as error:
            self._log.warning("lifecycle.untold", error=str(error))
            return
        if result is not None and result.outcome is not Outcome.OK:
            self._log.warning("lifecycle.failed", outcome=result.outcome.value)

    async def _ask(self, installation: Installation, hook: str) -> CallResult | None:
        if self.host is None:
            return None
        accepted = installation.unreviewed
        release = await self._releases.load(installation.digest, unreviewed=accepted)
        payload = msgspec.json.encode(Installed(str(installation.id), installation.config))
        return await self.host.call(_call(installation, release, hook, payload))


def _call(
    installation: Installation, release: SealedRelease, hook: str, payload: bytes
) -> HookCall:
    scope = CallScope(str(installation.tenant_id), str(installation.id))
    call = installation.call(release, hook, payload, scope, DEADLINE_MS)
    grants = tuple(text for text in call.grants if text.startswith(OWN))
    return structs.replace(call, grants=grants)


def _has_none(candidate: Installation, hook: str, result: CallResult) -> bool:
    return (
        hook not in candidate.manifest.get("hooks", ())
        and result.outcome is Outcome.REFUSED
        and result.detail.startswith("not-found")
    )
