"""What the tables know of a publisher and of a plugin's releases, for who reviews."""

from collections.abc import Sequence
from datetime import datetime

from hyperpersonal_core.kit.db import Connection

from hyperpersonal_registry import releases
from hyperpersonal_registry.releases import Release
from hyperpersonal_registry.reviews.dossier import PublisherHistory
from hyperpersonal_registry.submissions import Submission

_PUBLISHER = """
select n.name as namespace, n.domain, n.created_at as since,
  (select min(published_at) from registry.releases r where r.namespace = n.name)
    as first_release_at,
  (select count(*) from registry.releases r where r.namespace = n.name) as releases,
  (select count(distinct plugin_id) from registry.releases r where r.namespace = n.name) as plugins,
  (select count(*) from registry.submissions s where s.namespace = n.name
     and s.state = 'rejected') as rejected,
  (select count(*) from registry.releases r where r.namespace = n.name
     and r.status <> 'published') as withdrawn,
  (select count(*) from registry.observations o
    where split_part(o.plugin_id, '/', 1) = n.name and o.handled_at is null) as observations_open,
  (select valid_from from registry.publisher_keys k where k.key_id = $2) as key_since
from registry.namespaces n where n.name = $1"""
_SINCE = """select namespace, min(published_at) as since from registry.releases
where namespace = any($1) group by namespace"""


async def publisher(connection: Connection, found: Submission) -> PublisherHistory:
    """Who handed this in."""
    row = await connection.fetchrow(_PUBLISHER, found.namespace, found.key_id)
    return PublisherHistory(**dict(row))


async def published_since(
    connection: Connection, found: Sequence[Submission]
) -> dict[str, datetime]:
    """When each publisher's first release came out; who has none is not in it."""
    rows = await connection.fetch(_SINCE, [one.namespace for one in found])
    return {row["namespace"]: row["since"] for row in rows}


async def releases_before(
    connection: Connection, found: Sequence[Submission]
) -> dict[str, Release | None]:
    """By a submission's digest the release merchants would come from; see `releases.before`."""
    named = {one.digest: (one.plugin_id, one.version) for one in found}
    befores = await releases.befores(connection, list(named.values()))
    known = await releases.by_digests(connection, [digest for digest in befores.values() if digest])
    return {digest: known.get(befores[name] or "") for digest, name in named.items()}
