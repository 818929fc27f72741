"""What the tables know of a publisher and of a plugin's releases, for who reviews."""

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
_SINCE = "select min(published_at) from registry.releases where namespace = $1"


async def publisher(connection: Connection, found: Submission) -> PublisherHistory:
    """Who handed this in."""
    row = await connection.fetchrow(_PUBLISHER, found.namespace, found.key_id)
    return PublisherHistory(**dict(row))


async def published_since(connection: Connection, namespace: str) -> datetime | None:
    """When the publisher's first release came out; None before it."""
    since: datetime | None = await connection.fetchval(_SINCE, namespace)
    return since


async def release_before(connection: Connection, found: Submission) -> Release | None:
    """The release merchants would come from; see `releases.before`."""
    digest = await releases.before(connection, found.plugin_id, found.version)
    return await releases.by_digest(connection, digest) if digest else None
