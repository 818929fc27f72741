"""The credentials the host adds to an allowed request; no plugin ever sees one."""

from uuid import UUID

from hyperpersonal_runtime.api import CallScope

from hyperpersonal_core.installations import repository
from hyperpersonal_core.kit.db import Database


class Secrets:
    """The runtime's SecretPort over the installation's own secrets."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def headers_for(self, scope: CallScope, url: str) -> dict[str, str]:
        """The headers of the longest url prefix that matches; empty when none does.

        A prefix matches at a boundary only: `https://shop.example` does not match
        `https://shop.example.evil.example/`.
        """
        tenant_id, installation_id = UUID(scope.tenant_id), UUID(scope.installation_id)
        async with self._db.transaction(tenant_id) as connection:
            held = await repository.secrets_of(connection, tenant_id, installation_id)
        matching = [prefix for prefix in held if _covers(prefix, url)]
        return held[max(matching, key=len)] if matching else {}


def _covers(prefix: str, url: str) -> bool:
    if not url.startswith(prefix):
        return False
    return prefix.endswith("/") or url[len(prefix) :][:1] in ("", "/", "?")
