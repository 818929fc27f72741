"""Taking releases back: by their author, or by the platform."""

from hyperpersonal_core.kit.errors import NotFoundError

from hyperpersonal_registry import journal, releases
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.namespaces import check_reason
from hyperpersonal_registry.releases import Status
from hyperpersonal_registry.trust.namespaces import release_path
from hyperpersonal_registry.trust.repository import Repository


class Withdrawals:
    """Yanks and revokes. Stateless; one a process."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def yank(self, plugin_id: str, version: str, reason: str) -> None:
        """The author withdraws the offer; where it is installed it runs on."""
        await self._withdraw(plugin_id, version, "yanked", reason)

    async def revoke(self, plugin_id: str, version: str, reason: str) -> None:
        """The platform forbids a release for good, on every host."""
        await self._withdraw(plugin_id, version, "revoked", reason)
        await self._ground.tell()

    async def _withdraw(self, plugin_id: str, version: str, status: Status, reason: str) -> None:
        check_reason(reason)
        name = f"{plugin_id}@{version}"
        async with self._ground.changing() as (connection, repository):
            digest = await releases.set_status(connection, plugin_id, version, status, reason)
            if digest is None:
                raise NotFoundError(f"there is no release {name}, or it is revoked already")
            if repository is not None and status != "yanked":
                forbid(repository, (plugin_id, version), reason, self._ground)
            kind = f"release.{status}"
            await journal.append(connection, self._ground.now, kind, name, reason=reason)


def forbid(repository: Repository, release: tuple[str, str], reason: str, ground: Ground) -> None:
    """No host loads this release (plugin id, version) any more, once it has heard."""
    sha256 = sha256_in(repository, *release)
    if sha256 is not None:
        repository.withdraw(sha256, reason, ground.now)


def sha256_in(repository: Repository, plugin_id: str, version: str) -> str | None:
    """The sha256 of a release's archive, as its publisher signed it; None where it stands in no
    trust metadata, so that no host would load it anyhow."""
    known = repository.of(plugin_id.partition("/")[0])
    target = known.signed.targets.get(release_path(plugin_id, version)) if known else None
    return target.hashes.get("sha256") if target else None
