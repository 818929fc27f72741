"""Connections that are kept for the next request, each for one owner, origin and address only.

Two installations never share one: what a server ties to a connection stays with who opened it,
and nobody's request is faster for what another one asked before.
"""

import asyncio
from collections import Counter
from collections.abc import Collection
from typing import TypeAlias

from hyperpersonal_sdk.url_patterns import Url

from hyperpersonal_runtime.egress.addresses import Resolve, checked_addresses
from hyperpersonal_runtime.egress.connection import Connect, Connection

IDLE_SECONDS_MAX = 30.0
IDLE_SECONDS_UNSAFE = 4.0  # servers close idle connections after 5 s or more
AGE_SECONDS_MAX = 300.0  # so that a name that moved is followed
IDLE_PER_KEY_MAX = 8
IDLE_MAX = 256
OPEN_PER_OWNER_MAX = 512
OPEN_MAX = 4_096
TRIES_MAX = 3

Key: TypeAlias = tuple[str, str]


class CrowdedError(Exception):
    """Too many connections are open."""


class Connections:
    """All connections of a process."""

    def __init__(
        self, connect: Connect, private_hosts: Collection[str] = (), resolve: Resolve | None = None
    ) -> None:
        self._connect = connect
        self._private_hosts = private_hosts
        self._resolve = resolve
        self._idle: dict[Key, list[Connection]] = {}
        self._open: Counter[str] = Counter()
        self._sweep: asyncio.TimerHandle | None = None

    async def take(self, owner: str, url: Url, *, safe: bool) -> tuple[Connection, bool]:
        """A connection to the URL's origin, and whether it was used before. `safe`: the request
        may be sent again if the other side has just hung up.

        Raises:
            PrivateAddressError, OSError, CrowdedError: there is none.
        """
        self._check_room(owner)
        self._open[owner] += 1
        try:
            kept = self._kept(
                (owner, url.origin), IDLE_SECONDS_MAX if safe else IDLE_SECONDS_UNSAFE
            )
            return (kept, True) if kept else (await self._new(url), False)
        except BaseException:
            self._leave(owner)
            raise

    def give_back(self, owner: str, url: Url, connection: Connection) -> None:
        """The exchange is over: keep the connection if it may be used again."""
        self._leave(owner)
        now = asyncio.get_running_loop().time()
        kept = self._idle.setdefault((owner, url.origin), [])
        too_old = now - connection.born > AGE_SECONDS_MAX
        if not connection.reusable or too_old or len(kept) >= IDLE_PER_KEY_MAX:
            connection.close()
        else:
            connection.idle_since = now
            kept.append(connection)
        self._look_later()
        if sum(map(len, self._idle.values())) > IDLE_MAX:
            self._tidy(now)

    def close(self) -> None:
        """Hang up everywhere."""
        if self._sweep:
            self._sweep.cancel()
        for kept in self._idle.values():
            for connection in kept:
                connection.close()
        self._idle.clear()

    def _check_room(self, owner: str) -> None:
        if self._open[owner] >= OPEN_PER_OWNER_MAX or self._open.total() >= OPEN_MAX:
            raise CrowdedError("too many of its requests are open")

    def _leave(self, owner: str) -> None:
        self._open[owner] -= 1
        if not self._open[owner]:
            del self._open[owner]

    def _kept(self, key: Key, seconds_max: float) -> Connection | None:
        kept = self._idle.get(key, [])
        now = asyncio.get_running_loop().time()
        while kept:
            connection = kept.pop()
            if not connection.closed and now - connection.idle_since < seconds_max:
                return connection
            connection.close()
        return None

    async def _new(self, url: Url) -> Connection:
        name = url.host if url.scheme == "https" else ""
        found = await checked_addresses(url.host, url.port, self._private_hosts, self._resolve)
        for left, address in zip(range(TRIES_MAX - 1, -1, -1), found, strict=False):
            try:
                return await self._connect(address, url.port, name)
            except ConnectionError:
                if not left or address == found[-1]:
                    raise
        raise AssertionError("there is always one address to try")

    def _tidy(self, now: float) -> None:
        """Drop what idled too long, and what is too much."""
        total = sum(map(len, self._idle.values()))
        for key, kept in list(self._idle.items()):
            while kept and (total > IDLE_MAX or now - kept[0].idle_since > IDLE_SECONDS_MAX):
                kept.pop(0).close()
                total -= 1
            if not kept:
                del self._idle[key]

    def _look_later(self) -> None:
        if self._sweep is None and self._idle:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(IDLE_SECONDS_MAX, self._swept)

    def _swept(self) -> None:
        self._sweep = None
        self._tidy(asyncio.get_running_loop().time())
        self._look_later()
