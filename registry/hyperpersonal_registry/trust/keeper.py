"""Keeps a host's trust up to date, and asks it: the way every process that loads releases goes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_sdk.errors import UntrustedError

from hyperpersonal_registry.log import answers
from hyperpersonal_registry.trust import store
from hyperpersonal_registry.trust.reader import Mirror, Trust
from hyperpersonal_registry.trust.subjects import Measured
from hyperpersonal_registry.trust.verified import Admitted

REFRESH_EVERY_S = 30.0
ASKED_AGAIN_S = 0.5  # what may have changed makes us look for news, at most so often
FETCH_SECONDS_MAX = 20.0
JUST_PUBLISHED = frozenset({"unknown_release", "unreviewed", "unlogged"})  # looked for each time
MAYBE_NEW = frozenset({"withdrawn", "expired_metadata", "untrusted_metadata"})  # or lifted again

Fetch = Callable[[str], Awaitable[bytes | None]]
"""Gives a metadata file by name; None when there is none. Raises OSError or OutsideError."""


class Keeper:
    """One a process.

    Args:
        trust: what this host believes.
        fetch: a mirror: the registry's tables, or its HTTP.
    """

    def __init__(self, trust: Trust, fetch: Fetch) -> None:
        self.trust = trust
        self._fetch = fetch
        self._asked_at = -ASKED_AGAIN_S
        self._one = asyncio.Lock()
        self._log = log.get("trust")

    async def run(self, every_s: float = REFRESH_EVERY_S) -> None:
        """Refresh now and then, until cancelled. A mirror that is away costs nothing until the
        timestamp expires."""
        while True:
            await self.refresh()
            await asyncio.sleep(every_s)

    async def refresh(self) -> bool:
        """Look for news; whether there were any. What is wrong with them is logged, and what was
        believed before still is."""
        async with self._one:
            self._asked_at = time.monotonic()
            try:
                return await asyncio.to_thread(self.trust.refresh, self._mirror())
            except UntrustedError as error:
                self._log.warning("trust.not_refreshed", code=error.code, error=str(error))
                return False

    async def admit(
        self, plugin_id: str, version: str, archive: Measured, *, unreviewed: bool = False
    ) -> Admitted:
        """Whether the archive may be loaded; what is not known is looked for once. `unreviewed`:
        by a merchant who accepted code nobody reviewed.

        Raises:
            UntrustedError: see `Trust.admit`.
        """
        asked = (plugin_id, version, archive)
        held = self.trust.held(*asked, unreviewed=unreviewed)
        if held is not None:
            return held
        ask = partial(self.trust.admit_measured, *asked, unreviewed=unreviewed)
        try:
            return await asyncio.to_thread(ask)
        except UntrustedError as error:
            if not self._is_worth_a_look(error.code):
                raise
        await self.refresh()
        return await asyncio.to_thread(ask)

    def _is_worth_a_look(self, code: str) -> bool:
        lately = time.monotonic() < self._asked_at + ASKED_AGAIN_S
        return code in JUST_PUBLISHED or (code in MAYBE_NEW and not lately)

    def _mirror(self) -> Mirror:
        """The asynchronous mirror for python-tuf, which runs in a thread beside this loop."""
        loop = asyncio.get_running_loop()

        def ask(name: str) -> bytes | None:
            async def fetch() -> bytes | None:
                return await self._fetch(name)

            answer = asyncio.run_coroutine_threadsafe(fetch(), loop)
            try:
                return answer.result(FETCH_SECONDS_MAX)
            except (OutsideError, TimeoutError) as error:
                answer.cancel()
                raise OSError(str(error)) from error

        return ask


def from_database(db: Database) -> Fetch:
    """The registry's own tables as a mirror."""

    async def fetch(name: str) -> bytes | None:
        async with db.transaction() as connection:
            if name.startswith(answers.PREFIX):
                return await answers.answer(connection, name)
            return await store.read(connection, name)

    return fetch
