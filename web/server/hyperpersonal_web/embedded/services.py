"""PostgreSQL and NATS for a process: the ones the settings name, else embedded ones.

Embedded servers live in one data folder. The first process there owns them and writes their
addresses into `services.json`; later ones (another role in another terminal) use those. A lock on
the folder, held by the owner, tells a live owner from a crashed one.
"""

import fcntl
from pathlib import Path
from typing import IO

import msgspec

from hyperpersonal_web.embedded.nats import EmbeddedNats
from hyperpersonal_web.embedded.postgres import EmbeddedPostgres


class Addresses(msgspec.Struct, frozen=True):
    """Where PostgreSQL (as its owner) and NATS answer."""

    database_url: str
    nats_url: str


class Services:
    """Starts what is not named, and stops only what it started. Use it from the main thread."""

    def __init__(self, folder: Path, *, database_url: str = "", nats_url: str = "") -> None:
        self._folder = folder
        self._named = Addresses(database_url, nats_url)
        self._lock: IO[str] | None = None
        self._postgres: EmbeddedPostgres | None = None
        self._nats: EmbeddedNats | None = None

    def start(self) -> Addresses:
        """Ready to connect when it returns.

        Raises:
            RuntimeError: a server did not start, or another process is just starting them.
        """
        if self._named.database_url and self._named.nats_url:
            return self._named
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._own():
            return self._borrow()
        return self._start()

    def stop(self) -> None:
        """Stop the embedded servers if this process owns them; their data stays."""
        for server in (self._nats, self._postgres):
            if server:
                server.stop()
        if self._lock:
            (self._folder / "services.json").unlink(missing_ok=True)
            self._lock.close()

    @property
    def owned(self) -> bool:
        """Whether this process started the embedded servers."""
        return self._lock is not None

    def _own(self) -> bool:
        lock = (self._folder / "services.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _borrow(self) -> Addresses:
        try:
            found = msgspec.json.decode(
                (self._folder / "services.json").read_bytes(), type=Addresses
            )
        except (OSError, msgspec.DecodeError) as error:
            raise RuntimeError(
                f"another process is starting in {self._folder}; try again"
            ) from error
        return self._merged(found.database_url, found.nats_url)

    def _start(self) -> Addresses:
        if not self._named.database_url:
            self._postgres = EmbeddedPostgres(self._folder / "postgres").start()
        if not self._named.nats_url:
            self._nats = EmbeddedNats(self._folder / "nats").start()
        found = self._merged(
            self._postgres.dsn if self._postgres else "", self._nats.url if self._nats else ""
        )
        (self._folder / "services.json").write_bytes(msgspec.json.encode(found))
        return found

    def _merged(self, database_url: str, nats_url: str) -> Addresses:
        return Addresses(self._named.database_url or database_url, self._named.nats_url or nats_url)
