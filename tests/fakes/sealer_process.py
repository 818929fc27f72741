"""Seals receipts for ever, in a process that a test kills; arguments: the DSN, the key file."""

import asyncio
import sys
from pathlib import Path

from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.receipts.keys import ReceiptKeys
from hyperpersonal_core.receipts.sealer import ReceiptSealer


async def main(dsn: str, keys: Path) -> None:
    sealer = ReceiptSealer(await Database.open(dsn, size_max=2), ReceiptKeys(keys))
    print("ready", flush=True)
    while True:
        await sealer.seal_all()
        await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
