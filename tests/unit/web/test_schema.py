"""The description of the HTTP API: the same in every process, for whoever keeps or compares it."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import httpx
import msgspec
import pytest
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.wiring import Gateway

NOBODY: Any = None
DEADLINE_S = 100


async def document() -> bytes:
    """As a client reads it. Nothing behind the routes is asked, so nothing is there."""
    app: Any = create_app(Gateway(*[NOBODY] * len(Gateway.__struct_fields__)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        return (await client.get("/schema/openapi.json")).content


@pytest.mark.parametrize("seed", ["1", "2"])
async def test_that_every_process_describes_it_alike(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    told = await asyncio.to_thread(
        subprocess.run, [sys.executable, __file__], env=environment, capture_output=True,
        check=True, timeout=DEADLINE_S,
    )  # fmt: skip
    assert told.stdout == await document()


async def test_that_a_part_many_share_has_no_default_of_one_of_them() -> None:
    parts = msgspec.json.decode(await document())["components"]["schemas"]
    assert "NewRollout" in parts
    assert [name for name, part in parts.items() if "default" in part] == []


if __name__ == "__main__":
    sys.stdout.buffer.write(asyncio.run(document()))
