"""A process of its own that answers turns until it is killed: `python -m fakes.turn_process DSN
NATS_URL PREFIX NUMBER`. Its shop is a table, so that it outlives the process; by its clock the
leases of the processes of lower numbers have ended.
"""

import asyncio
import random
import sys
from datetime import timedelta

import asyncpg
from fakes.turns import Calls, FakeShop, Rig
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.turns.turn import TurnSettings
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest

SETTINGS = TurnSettings(lease_s=60.0, deadline_s=120.0, sweep_every_s=0.2, attempts_max=1_000)
SHOP = "create table shop_writes (key text primary key, asked int not null)"
ACT = """
insert into shop_writes (key, asked) values ($1, 1)
on conflict (key) do update set asked = shop_writes.asked + 1"""


class TableShop(FakeShop):
    """Acts once per key, and counts how often it was asked."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__()
        self._pool = pool

    async def act(self, key: str) -> None:
        await self._pool.execute(ACT, key)


async def cancels(request: TurnRequest, calls: Calls) -> TurnReply:
    """Reads, writes, writes again, and leaves a part to the next agent."""
    seen = await calls.tool("shop.get", {"status": "open"}, order=request.text)
    await calls.tool("shop.cancel", "done", write=True, order=request.text)
    await calls.tool("shop.refund", "done", write=True, order=request.text)
    return TurnReply(f"It was {seen['status']}.", leftover="return it too")


async def returns(request: TurnRequest, calls: Calls) -> TurnReply:
    """Writes once."""
    await calls.tool("shop.return", "done", write=True, order=request.text)
    return TurnReply("Returned as well.")


SCRIPTS = {"order": cancels, "return": returns}


async def main(dsn: str, nats_url: str, prefix: str, number: str) -> None:
    """Answer for ever."""
    chance = random.Random(number)

    async def pause() -> None:
        await asyncio.sleep(chance.random() * 0.02)

    log.configure("error")
    rig = Rig(await Database.open(dsn), await Bus.connect(nats_url, prefix), SETTINGS)
    rig.scripts = {f"sha256:{label}": script for label, script in SCRIPTS.items()}
    rig.pause = pause
    rig.clock.ahead = int(number) * timedelta(seconds=SETTINGS.lease_s + 1)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as pool:
        rig.shop = TableShop(pool)
        print("ready", flush=True)
        await asyncio.gather(rig.relay.run(), rig.build().run())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
