"""What installing a Python plugin takes once its artifact is here: verified, tried, written."""

import random
import time
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.api import Installations, Lifecycle, Tenants
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_marketplace.api import Installer
from hyperpersonal_registry import house
from hyperpersonal_registry.api import Registry
from hyperpersonal_runtime.api import Host
from hyperpersonal_runtime.bench import GRANTS, REALISTIC
from hyperpersonal_sdk import hpx
from msgspec import Struct

from hyperpersonal_web.bench.samples import quantile

PLUGINS, WARM = 40, 3
NAMESPACE = "bench"
LINES = 370
_MANIFEST = """id = "{name}"
version = "1.0.0"
kind = "agent"
title = "Agent {number}"
description = "Answers about orders."
licence = "Apache-2.0"
entry = "agent"
hooks = ["reply"]
{asks}
[agent]
labels = ["order"]
"""
_ASK = '\n[[capabilities]]\nask = "{ask}"\nwhy = "Answers about orders."\n'


class Shelves(Struct, frozen=True):
    """`host` verifies releases, as the process that installs does, and knows the newest news."""

    db: Database
    host: Registry
    sandbox: Host


async def bench_install(shelves: Shelves, names: Sequence[str]) -> dict[str, float]:
    """`install_ms`: one plugin after the other, each of them new to the host, its artifact on the
    host's disk: trust metadata, signature and hashes, a first run in the sandbox, the row. The
    first WARM do not count."""
    clock, ids = SystemClock(), Uuid7Ids()
    lifecycle = Lifecycle(shelves.host)
    lifecycle.host = shelves.sandbox
    installer = Installer(shelves.host, Installations(shelves.db, clock, ids), lifecycle)
    tenant = await Tenants(shelves.db, clock, ids).create_tenant("bench-install", "Bench")
    took, cpu = [], time.process_time()
    for number, name in enumerate(names):
        started = time.perf_counter()
        await installer.install(tenant.id, name, grants=GRANTS)
        took.append((time.perf_counter() - started) * 1000)
        if number == WARM - 1:
            took.clear()
            cpu = time.process_time()
    return {
        "install_ms_p50": quantile(took, 50),
        "install_ms_p99": quantile(took, 99),
        "install_cpu_ms": (time.process_time() - cpu) * 1000 / len(took),
        "install_plugins": len(took),
    }


async def published(registry: Registry, count: int) -> list[str]:
    """So many plugins of about 370 lines, no two the same, and those to get warm with."""
    key = Ed25519PrivateKey.from_private_bytes(bytes([77]) * 32)
    await registry.create_namespace(NAMESPACE, key.public_key().public_bytes_raw())
    names = []
    for number in range(count + WARM):
        name = f"{NAMESPACE}/agent{number}"
        await house.publish(registry, _archive(name, number), key)
        names.append(name)
    return names


def _archive(name: str, number: int) -> bytes:
    asks = "".join(_ASK.format(ask=ask) for ask in GRANTS)
    manifest = _MANIFEST.format(name=name, number=number, asks=asks)
    chance, source = random.Random(number), REALISTIC
    while source.count("\n") < LINES:
        word = f"rule_{chance.randrange(10**9)}"
        source += f"\n\ndef {word}(order):\n    return order.get({word!r}, {number})\n"
    return hpx.pack({"plugin.toml": manifest.encode(), "agent.py": source.encode()})
