"""The shop as its own process, and as its own role in the database."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from hyperpersonal_runtime.testing import open_sandbox
from hyperpersonal_sdk.manifest import parse
from hyperpersonal_web.demo_shop.admin_client import ShopAdmin
from hyperpersonal_web.demo_shop.data_generator import generate
from hyperpersonal_web.demo_shop.expected import expected_state
from hyperpersonal_web.demo_shop.faults import Fault
from hyperpersonal_web.demo_shop.store import ROLE, install
from hyperpersonal_web.embedded.postgres import EmbeddedPostgres, HeldPort

PLUGIN = Path(__file__).parents[3] / "plugins" / "demo_store"


@pytest.fixture(scope="module")
def url(postgres: EmbeddedPostgres) -> Iterator[str]:
    port = HeldPort()
    tokens = {"HP_SHOP_TOKEN": "t", "HP_SHOP_ADMIN_TOKEN": "a"}
    process = subprocess.Popen(
        [sys.executable, "-m", "hyperpersonal_web.demo_shop", "--port", str(port.number)],
        env={**os.environ, **tokens, "HP_SHOP_DATABASE_URL": postgres.dsn},
    )
    try:
        yield wait_for(f"http://127.0.0.1:{port.number}", process)
    finally:
        process.terminate()
        assert process.wait(60) in {0, -15}


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/health", timeout=10)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return url
    raise AssertionError(f"the shop did not come up (exit code {process.poll()})")


def test_that_the_process_serves_the_generated_shop(url: str) -> None:
    headers = {"Authorization": "Bearer t"}
    order = httpx.get(f"{url}/v1/orders/W1000001", headers=headers, timeout=60).json()
    assert order["customer_id"] == "maya_lindqvist_1"


async def test_that_stores_are_made_read_and_broken_from_python(url: str) -> None:
    records = generate(customers=3)
    reason = {"reason": "no longer needed"}
    headers = {"Authorization": "Bearer t", "X-Store": "py", "Idempotency-Key": "k"}
    cancel = f"{url}/v1/orders/W1000003/cancel"
    async with ShopAdmin(url, "a") as admin:
        await admin.load("small", records)
        await admin.make("py", "small")
        await admin.plan(Fault("error", "py", times=9))
        assert httpx.post(cancel, json=reason, headers=headers, timeout=60).status_code == 500
        await admin.clear_faults("py")
        assert httpx.post(cancel, json=reason, headers=headers, timeout=60).status_code == 200
        acts = await admin.acts("py")
        assert [(act.tool, act.args["order_id"]) for act in acts] == [
            ("cancel_pending_order", "#W1000003")
        ]
        assert await admin.digest("py") == expected_state(records, acts).digest
        with pytest.raises(httpx.HTTPStatusError, match="404"):
            await admin.make("py", "no such data set")


async def test_that_the_sandboxed_connector_reaches_it_with_the_hosts_token(url: str) -> None:
    files = {
        path.relative_to(PLUGIN).as_posix(): path.read_bytes()
        for path in PLUGIN.glob("hyperpersonal_plugin_demo_store/*.py")
    }
    manifest = parse((PLUGIN / "plugin.toml").read_text())
    grants = [item.ask for item in manifest.capabilities]
    call = {
        "tool": "commerce.orders.get",
        "arguments": {"order_id": "#W1000002"},
        "config": {"base_url": url},
    }
    for token, found in (("Bearer t", True), ("Bearer wrong", False)):
        secrets = {"Authorization": token}
        async with open_sandbox(files, manifest.entry, grants, secrets=secrets) as box:
            result = await box.call("call_tool", call)
        answer = json.loads(result.value)
        assert (answer.get("value", {}).get("status") == "delivered") == found, answer


async def test_that_the_shop_reads_no_other_schema(template: str) -> None:
    await install(template)
    link = await asyncpg.connect(template, server_settings={"role": ROLE})
    try:
        assert await link.fetchval("select count(*) from demo_shop.records") >= 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await link.fetch("select * from public.tenants")
    finally:
        await link.close()
