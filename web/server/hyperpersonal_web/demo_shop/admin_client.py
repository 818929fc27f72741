"""The shop's /admin from Python, for demos, checks and evaluations."""

import asyncio
from types import TracebackType
from typing import Any

import httpx
import msgspec

from hyperpersonal_web.demo_shop.faults import Fault
from hyperpersonal_web.demo_shop.model import Action, Records

TIMEOUT_SECONDS = 60.0
MEET_SECONDS_MAX = 60.0


class ShopAdmin:
    """A connection to the shop at `base_url` with its admin token. Use it as a context manager.

    Every method raises httpx.HTTPError when the shop refuses or does not answer.
    """

    def __init__(self, base_url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(
            base_url=f"{base_url}/admin", headers=headers, timeout=TIMEOUT_SECONDS
        )

    async def __aenter__(self) -> "ShopAdmin":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def load(self, dataset: str, records: Records) -> None:
        """Hold `records` as a data set; the same records again cost nothing."""
        await self._send("PUT", f"/datasets/{dataset}", records)

    async def make(self, store: str, dataset: str) -> None:
        """Make or reset a store over a data set."""
        await self._send("PUT", f"/stores/{store}", {"dataset": dataset})

    async def acts(self, store: str) -> list[Action]:
        """The log of writes, oldest first."""
        return msgspec.convert(await self._send("GET", f"/stores/{store}/acts"), list[Action])

    async def digest(self, store: str) -> str:
        """Of what changed since loading; compare it with `expected_state(...).digest`."""
        return str((await self._send("GET", f"/stores/{store}/state"))["digest"])

    async def plan(self, fault: Fault) -> None:
        """Let the next requests fail."""
        await self._send("POST", "/faults", fault)

    async def met(self, store: str) -> None:
        """Until every planned fault was met: a `slow` one is waited for from then on."""
        async with asyncio.timeout(MEET_SECONDS_MAX):
            while await self._send("GET", f"/stores/{store}/faults"):  # noqa: ASYNC110 - afar
                await asyncio.sleep(0.05)

    async def clear_faults(self, store: str) -> None:
        """Let the store be well again."""
        await self._send("DELETE", f"/stores/{store}/faults")

    async def _send(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else msgspec.json.encode(body)
        answer = await self._http.request(method, path, content=content)
        answer.raise_for_status()
        return answer.json() if answer.content else None
