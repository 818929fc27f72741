"""What a witness has cosigned, on its disk before the cosignature leaves.

SQLite, written through (`synchronous=EXTRA`): after a crash or a power cut the witness knows at
least what it signed. The comparison with what was there and the writing are one transaction, so two
processes on one file are one witness.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hyperpersonal_sdk.transparency.checkpoint import Checkpoint

WAIT_SECONDS_MAX = 5.0
_TABLE = """create table if not exists logs (
  origin text primary key, size integer not null, root blob not null
) strict"""
_READ = "select size, root from logs where origin = ?"
_WRITE = """insert into logs (origin, size, root) values (?, ?, ?)
on conflict (origin) do update set size = excluded.size, root = excluded.root
where excluded.size >= logs.size"""


class State:
    """The newest checkpoint of each log. One a process; safe with several.

    Raises:
        FileNotFoundError: it is gone; a witness that forgot must not sign as if it knew.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"{path}, what this witness saw, is gone: make a new witness")
        self._path = path

    @classmethod
    def make(cls, path: Path) -> "State":
        """The state of a witness that saw nothing yet."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(_TABLE)
        return cls(path)

    def newest(self, origin: str) -> Checkpoint | None:
        """What was cosigned last of this log."""
        with self._open() as connection:
            return _newest(connection, origin)

    @contextmanager
    def step(self, origin: str) -> Iterator["Step"]:
        """One look and one write that nobody comes between. What `Step.write` wrote is on disk
        when this ends; when it ends with an error, nothing is."""
        with self._open() as connection:
            connection.execute("begin immediate")
            try:
                yield Step(connection, origin)
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        made = sqlite3.connect(self._path, timeout=WAIT_SECONDS_MAX, isolation_level=None)
        with closing(made) as connection:
            connection.execute("pragma synchronous=extra")
            yield connection


class Step:
    """A transaction on one log's row."""

    def __init__(self, connection: sqlite3.Connection, origin: str) -> None:
        self._connection, self._origin = connection, origin

    def newest(self) -> Checkpoint | None:
        """What was cosigned last."""
        return _newest(self._connection, self._origin)

    def write(self, seen: Checkpoint) -> None:
        """From now on this is the newest."""
        self._connection.execute(_WRITE, (seen.origin, seen.size, seen.root))


def _newest(connection: sqlite3.Connection, origin: str) -> Checkpoint | None:
    row = connection.execute(_READ, (origin,)).fetchone()
    return None if row is None else Checkpoint(origin, row[0], row[1])
