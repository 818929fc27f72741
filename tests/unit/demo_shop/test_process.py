"""The shop as its own process, and as its own role in the database."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import asyncpg
import httpx
import pytest
from hyperpersonal_web.demo_shop.store import ROLE, install
from hyperpersonal_web.embedded.postgres import EmbeddedPostgres, free_port


@pytest.fixture
def url(postgres: EmbeddedPostgres) -> Iterator[str]:
    port = free_port()
    tokens = {"HP_SHOP_TOKEN": "t", "HP_SHOP_ADMIN_TOKEN": "a"}
    process = subprocess.Popen(
        [sys.executable, "-m", "hyperpersonal_web.demo_shop", "--port", str(port)],
        env={**os.environ, **tokens, "HP_SHOP_DATABASE_URL": postgres.dsn},
    )
    try:
        yield wait_for(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        assert process.wait(10) in {0, -15}


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/health", timeout=1)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return url
    raise AssertionError(f"the shop did not come up (exit code {process.poll()})")


def test_that_the_process_serves_the_generated_shop(url: str) -> None:
    headers = {"Authorization": "Bearer t"}
    order = httpx.get(f"{url}/v1/orders/W1000001", headers=headers).json()
    assert order["customer_id"] == "maya_lindqvist_1"


async def test_that_the_shop_reads_no_other_schema(template: str) -> None:
    await install(template)
    link = await asyncpg.connect(template, server_settings={"role": ROLE})
    try:
        assert await link.fetchval("select count(*) from demo_shop.records") >= 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await link.fetch("select * from public.tenants")
    finally:
        await link.close()
