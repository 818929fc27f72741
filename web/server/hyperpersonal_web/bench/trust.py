"""What a host pays to believe a release, offline: each signature from the root down, every byte.

A registry of its own is made in memory with real keys and python-tuf's metadata; the host holds
what it was told once and is asked without any mirror. Each release is in a log that two witnesses
cosign.
"""

import hashlib
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.trust import ceremony, namespaces
from hyperpersonal_registry.trust.logged import name_log
from hyperpersonal_registry.trust.reader import Trust
from hyperpersonal_registry.trust.repository import Repository
from hyperpersonal_registry.trust.roles import OnlineKeys, public, public_of
from hyperpersonal_registry.verdicts import report_hash
from hyperpersonal_sdk import attestations, hpx, signing
from hyperpersonal_sdk.attestations import Review
from msgspec import Struct

from hyperpersonal_web.bench.log import logged, watched
from hyperpersonal_web.bench.samples import Samples, sampled
from hyperpersonal_web.heap import settle_heap

RELEASES = 5
"""Of each namespace."""
SOURCE_BYTES = 64 * 1024
_MANIFEST = """id = "{name}/agent"
version = "{version}"
kind = "agent"
title = "Agent"
description = "Answers."
licence = "MIT"
entry = "agent"
hooks = ["reply"]

[agent]
labels = ["order"]
"""


class Stage(Struct, frozen=True):
    """One host, and the releases it may be asked about: (id, version, archive, envelope)."""

    trust: Trust
    releases: list[tuple[str, str, bytes, bytes]]
    keys: dict[str, Ed25519PrivateKey]


def bench_verify(samples: int, publishers: int) -> dict[str, float]:
    """Times of one load's verification, ms.

    `verify`: a release this process has not admitted before, in a generation of metadata it has:
    the publisher's envelope, the review, every file's hash. `verify_fresh`: the same in a process
    that knows nothing yet: all metadata from disk and all its signatures too, once a generation.
    """
    with tempfile.TemporaryDirectory() as folder:
        stage = _stage(Path(folder), publishers)
        releases = len(stage.releases)
        settle_heap()  # as every server does once it runs
        held = sampled(min(samples, releases - 1), _asked(stage, cold=False), warm=0)
        fresh = sampled(samples, _asked(stage, cold=True))
    found = {**_named("verify", held), **_named("verify_fresh", fresh)}
    return {**found, "verify_publishers": publishers, "verify_releases": releases}


def _named(name: str, found: Samples) -> dict[str, float]:
    return {f"{name}_ms_p50": found.p50, f"{name}_ms_p99": found.p99, f"{name}_cpu_ms": found.cpu}


def _asked(stage: Stage, *, cold: bool) -> Iterator[float]:
    """Verifies one release after the other; yields the ms each took."""
    order = random.Random(1).sample(stage.releases, len(stage.releases))
    stage.trust.admit(*order.pop()[:3])  # the generation is held from here on
    for plugin_id, version, archive, envelope in cycle(order):
        if cold:
            stage.trust.forget()
        started = time.perf_counter()
        _verify(stage, plugin_id, version, archive, envelope)
        yield (time.perf_counter() - started) * 1000


def _verify(stage: Stage, plugin_id: str, version: str, archive: bytes, envelope: bytes) -> None:
    """The two halves of a load: the publisher's signature, and what stands in the metadata."""
    now = datetime.now(UTC)
    name = plugin_id.partition("/")[0]
    raw = stage.keys[name].public_key().public_bytes_raw()
    trusted = signing.TrustedKey(raw, name, now - timedelta(days=1), now + timedelta(days=1))
    signing.verify(envelope, archive, [trusted], now)
    stage.trust.admit(plugin_id, version, archive)


def _stage(folder: Path, publishers: int) -> Stage:
    now = datetime.now(UTC).replace(microsecond=0)
    ends = now + timedelta(days=300)
    holders, reviewer = [_key(n) for n in (1, 2, 3)], _key(9)
    online = OnlineKeys(_key(4), _key(5), _key(6), _key(7))
    root = ceremony.new_root(
        [public_of(one) for one in holders],
        2,
        {role: public_of(getattr(online, role)) for role in ("targets", "snapshot", "timestamp")},
        ends,
        {reviewer.public_key().public_bytes_raw(): "Ada"},
    )
    log, witnesses = Signer("bench.example/log", _key(8)), (_key(10), _key(11))
    ceremony.sign(name_log(root, log.public), *holders[:2])
    repository = Repository(root.to_bytes(), online, now)
    keys = {f"house{n}": _key(100 + n) for n in range(publishers)}
    releases = []
    for name, key in keys.items():
        repository.add_namespace(name, [public(key.public_key().public_bytes_raw())], now)
        releases += _released(repository, name, key, ends)
    _reviewed(repository, [one[2] for one in releases], reviewer)
    part = logged([_named_in_log(*one[:3]) for one in releases], log, witnesses)
    trust = Trust(folder / "trust", root.to_bytes(), witnesses=watched(witnesses))
    trust.refresh(lambda name: repository.files.get(name) or part.answer(name))
    return Stage(trust, releases, keys)


def _released(
    repository: Repository, name: str, key: Ed25519PrivateKey, ends: datetime
) -> list[tuple[str, str, bytes, bytes]]:
    """Some releases of a namespace, taken by the registry as one."""
    metadata, made = repository.of(name), []
    for number in range(RELEASES):
        version = f"1.{number}.0"
        code = b"from hyperpersonal_sdk import Agent\nplugin = Agent()\n" + _padding(name, number)
        manifest = _MANIFEST.format(name=name, version=version).encode()
        archive = hpx.pack({"plugin.toml": manifest, "agent.py": code})
        envelope = signing.sign(signing.statement_of(hpx.unpack(archive)), key)
        following = namespaces.with_release(metadata, archive, ends)
        following.signed.version = 1  # all of them are handed in at once
        metadata = following
        made.append((f"{name}/agent", version, archive, envelope))
    assert metadata is not None
    repository.take(name, namespaces.sign(metadata, key), datetime.now(UTC))
    return made


def _reviewed(repository: Repository, archives: list[bytes], reviewer: Ed25519PrivateKey) -> None:
    """A reviewer stands for all of them."""
    now = datetime.now(UTC)
    for archive in archives:
        unpacked = hpx.unpack(archive)
        rights = signing.permission_hash(unpacked.manifest)
        review = Review(unpacked.digest, rights, report_hash([]), "approved", "Looked at.", now)
        said = [attestations.attest(review, reviewer)]
        passed = (hashlib.sha256(archive).hexdigest(), len(archive))
        repository.pass_on(passed, said, now)


def _named_in_log(plugin_id: str, version: str, archive: bytes) -> tuple[str, str]:
    return f"{plugin_id}@{version}", hpx.unpack(archive).digest


def _padding(name: str, number: int) -> bytes:
    line = f"# {name} {number} ".encode() + b"." * 60 + b"\n"
    return line * (SOURCE_BYTES // len(line))


def _key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(number.to_bytes(2, "big") * 16)
