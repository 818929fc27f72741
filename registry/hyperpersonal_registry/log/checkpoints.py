"""Checkpoints that were given out: of each count of witnesses the newest one.

So a host that wants two witnesses finds the newest checkpoint that two have seen, while the log
grows on and the newest of all has been seen by nobody yet.
"""

from datetime import datetime

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_sdk.transparency import checkpoint, note
from hyperpersonal_sdk.transparency.note import Note

from hyperpersonal_registry import journal
from hyperpersonal_registry.log import store, tree
from hyperpersonal_registry.log.signer import Signer

# Who adds a witness's line first reads the others': two at once would each drop the other's.
_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('registry checkpoints', 0))"
_NEWEST = """select note from registry.checkpoints where cosigned >= $1
order by size desc, cosigned desc limit 1"""
_MOST = """select note from registry.checkpoints where size >= $1
order by cosigned desc, size desc limit 1"""
_OF_SIZE = "select note from registry.checkpoints where size = $1 order by cosigned desc"
_PUT = """insert into registry.checkpoints (cosigned, size, note, at) values ($1, $2, $3, $4)
on conflict (cosigned) do update set size = excluded.size, note = excluded.note, at = excluded.at
where checkpoints.size <= excluded.size"""


async def newest(connection: Connection, cosigned: int = 0) -> bytes | None:
    """The newest checkpoint that at least so many witnesses have seen; None: there is none."""
    found: bytes | None = await connection.fetchval(_NEWEST, cosigned)
    return found


async def most_cosigned(connection: Connection, size_min: int) -> bytes | None:
    """Of the checkpoints of at least so many entries the one that most witnesses have seen."""
    found: bytes | None = await connection.fetchval(_MOST, size_min)
    return found


async def keep(connection: Connection, signer: Signer, at: datetime) -> bytes:
    """The checkpoint of what the log holds now; signed and kept, if it was not before.

    Given out with the transaction: what is not committed nobody has seen.
    """
    size = await journal.size(connection)
    signed = note.parse(signer.sign(size, await tree.root(store.reader(connection), size)))
    known = await newest(connection)
    if known is not None and _is_by_us(note.parse(known), signed):
        return known
    await connection.execute(_ONE_AT_A_TIME)
    await _put(connection, await _joined(connection, signed, size), size, at)
    return signed.data


def _is_by_us(known: Note, signed: Note) -> bool:
    """Whether it is this very checkpoint, by the key that signs now."""
    return known.text == signed.text and signed.signatures[0] in known.signatures


async def cosign(connection: Connection, signed: Note, at: datetime) -> Note:
    """Keep a checkpoint that witnesses have cosigned; what others added meanwhile stays.

    Args:
        connection: of one transaction.
        signed: the log's line first, then those of witnesses; all of them verified.
        at: an aware instant.
    """
    size = checkpoint.parse(signed.text).size
    await connection.execute(_ONE_AT_A_TIME)
    whole = await _joined(connection, signed, size)
    await _put(connection, whole, size, at)
    return whole


async def _joined(connection: Connection, signed: Note, size: int) -> Note:
    """With every witness's line that is kept for the same text."""
    for row in await connection.fetch(_OF_SIZE, size):
        other = note.parse(row["note"])
        held = {name for name, _ in signed.signatures}
        if other.text == signed.text:
            for name, line in other.signatures:
                signed = signed if name in held else signed.with_signature(name, line)
    return signed


async def _put(connection: Connection, whole: Note, size: int, at: datetime) -> None:
    await connection.execute(_PUT, len(whole.signatures) - 1, size, whole.data, at)
