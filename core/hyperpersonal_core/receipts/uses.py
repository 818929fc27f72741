"""Which releases served a tenant: added up in the transaction that seals its receipts."""

from collections.abc import Iterable
from uuid import UUID

from hyperpersonal_sdk.receipts import Receipt

from hyperpersonal_core.kit.db import Connection

UNITS = ("host_calls", "requests", "bytes_out")
_ADD = """
insert into release_uses as u (tenant_id, digest, plugin_id, version, calls, host_calls, requests,
                               bytes_out, first_at, last_at, first_number, last_number)
select $1, n.digest, n.plugin, n.version, n.calls, n.host_calls, n.requests, n.bytes_out,
       to_timestamp(n.first_at / 1000.0), to_timestamp(n.last_at / 1000.0), n.first, n.last
  from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
              $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
       as n(digest, plugin, version, calls, host_calls, requests, bytes_out, first_at, last_at,
            first, last)
on conflict (tenant_id, digest) do update
   set calls = u.calls + excluded.calls, host_calls = u.host_calls + excluded.host_calls,
       requests = u.requests + excluded.requests, bytes_out = u.bytes_out + excluded.bytes_out,
       first_at = least(u.first_at, excluded.first_at),
       last_at = greatest(u.last_at, excluded.last_at), last_number = excluded.last_number"""


async def add(connection: Connection, tenant_id: UUID, receipts: Iterable[Receipt]) -> None:
    """Count these receipts, new ones of one tenant in the order of their numbers."""
    found: dict[str, list[Receipt]] = {}
    for receipt in receipts:
        found.setdefault(receipt.release, []).append(receipt)
    rows = [_row(digest, of_release) for digest, of_release in sorted(found.items())]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        await connection.execute(_ADD, tenant_id, *columns)


def _row(digest: str, receipts: list[Receipt]) -> tuple[str | int, ...]:
    plugin_id, _, version = receipts[0].plugin.partition("@")
    units = [sum(one.units.get(name, 0) for one in receipts) for name in UNITS]
    at = [one.at for one in receipts]
    ends = (min(at), max(at), receipts[0].number, receipts[-1].number)
    return (digest, plugin_id, version, len(receipts), *units, *ends)
