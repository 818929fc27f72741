"""The first trust metadata of a registry, also of one that had publishers before."""

from hyperpersonal_core.kit.db import Connection

from hyperpersonal_registry import releases
from hyperpersonal_registry.trust.roles import public
from hyperpersonal_registry.trust.store import MetadataStore

_NAMES = "select name from registry.namespaces order by created_at, name"


async def found(connection: Connection, store: MetadataStore, root: bytes) -> None:
    """Begin with this root; whoever speaks for a name already goes on to.

    Raises:
        ConflictError: there is a root already.
        RefusedError: the root is not signed by those who must.
    """
    await store.found(connection, root)
    async with store.writing(connection) as repository:
        for row in await connection.fetch(_NAMES):
            keys = (await releases.keys_of(connection, row["name"])).trusted
            repository.add_namespace(row["name"], [public(key.public) for key in keys], store.now)
