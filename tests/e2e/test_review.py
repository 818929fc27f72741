"""Reviewers at work: over HTTP and from a terminal, with keys that stay on their machine."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fakes.full_registry import ADMIN, HOLDERS, REVIEWERS, key, raw
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.api import NewMember, ReceiptSealer, Tenants
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_core.receipts.due import DueCall
from hyperpersonal_core.receipts.keys import ReceiptKeys
from hyperpersonal_registry.api import (
    Keeper,
    Registry,
    ReleaseRefusedError,
    Trust,
    Verdict,
    house,
    naming,
)
from hyperpersonal_registry.trust.keeper import ASKED_AGAIN_S, from_database
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.registry_client import RegistryClient, RegistryRefusedError
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.cli.review import review
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.trusting import hold_ceremony
from hyperpersonal_web.wiring import Gateway, Ground, open_gateway, open_ground, open_understanding

MONEY = ("money:refund<=10.00 USD/turn",)


class Office:
    """A registry with its gateway, two reviewers, an admin and a publisher."""

    def __init__(self, url: str, ground: Ground, gateway: Gateway, folder: Path) -> None:
        self.url, self.ground, self.gateway, self.folder = url, ground, gateway, folder
        self.registry = gateway.registry
        self.publisher = Publisher(1)

    async def furnish(self, root: bytes) -> None:
        self.root = root
        for number, reviewer in enumerate(REVIEWERS, 1):
            await self.registry.people.add(raw(reviewer), f"Reviewer {number}", "reviewer")
        await self.registry.people.add(raw(ADMIN), "Admin", "admin")
        assert not await naming.hold(self.registry, HOLDERS)
        await self.registry.create_namespace("acme", self.publisher.public)
        for name, private in (("one", REVIEWERS[0]), ("two", REVIEWERS[1]), ("admin", ADMIN)):
            self._keep(name, private)

    def _keep(self, name: str, key: Ed25519PrivateKey) -> None:
        path = self.folder / name
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(pem)
        path.chmod(0o600)

    async def handed_in(self, packed: bytes, word: str = "PASS") -> str:
        """A submission whose checks have run; one that can be waived says `word`."""
        found = await house.submit(self.registry, packed, self.publisher.key)
        policy = self.registry.ground.policy
        odd = sorted(policy.waivable)[0]
        report = [Verdict(name, "PASS") for name in policy.checks if name != odd]
        report.append(Verdict(odd, word, "It is odd."))  # type: ignore[arg-type]
        await self.registry.record_verdicts(found.digest, report)
        return found.digest

    async def client(self, key: Ed25519PrivateKey) -> RegistryClient:
        made = RegistryClient(self.url)
        await asyncio.to_thread(made.login, key)
        return made

    async def run(self, *words: str, who: str = "one", code: int = 0) -> str:
        """`hp review …` in another thread, as a reviewer types it."""
        command = [*words, "--registry", self.url, "--key", str(self.folder / who)]
        done = await asyncio.to_thread(CliRunner().invoke, review, command)
        assert done.exit_code == code, done.output
        return str(done.output)

    def host(self) -> Registry:
        """Another machine's view: it believes what it verified."""
        trust = Trust(self.folder / f"host-{secrets.token_hex(4)}", self.root)
        keeper = Keeper(trust, from_database(self.ground.db))
        return Registry(
            self.ground.db, self.registry.ground.blobs, self.ground.clock, keeper=keeper
        )


@pytest.fixture
async def office(
    db: Database, dsn: str, nats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings(data_dir=tmp_path, nats_prefix=f"t{secrets.token_hex(6)}")
    root = await hold_ceremony(settings, db, HOLDERS, 2)
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, settings, Addresses(dsn, nats_url))
        gateway = await open_gateway(stack, ground, open_understanding(ground))
        listener = listen("127.0.0.1", 0)
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
        port = listener.getsockname()[1]
        made = Office(f"http://127.0.0.1:{port}", ground, gateway, tmp_path)
        await made.furnish(root)
        yield made
        stop.set()
        await serving
        await ground.bus.drop_streams()


async def test_that_two_people_sign_on_their_own_machines_and_hosts_believe_them(
    office: Office,
) -> None:
    digest = await office.handed_in(artifact(manifest("acme/payer", asks=MONEY)))
    (waiting,) = json.loads(await office.run("queue", "--json"))
    assert (waiting["digest"], waiting["needed"]) == (digest, 2)
    shown = await office.run("show", digest)
    assert "Give back up to 10.00 USD a turn" in shown
    assert "+plugin = Agent()" in shown
    assert f"hp review approve {digest}" in shown
    first = await office.run("approve", digest, "--reason", "I read it.", "--yes")
    assert "waits for a review by 1 more" in first
    again = await office.run("approve", digest, "--reason", "Me again.", "--yes", code=1)
    assert "somebody else must" in again
    done = await office.run("approve", digest, "--reason", "So did I.", "--yes", who="two")
    assert "acme/payer@1.0.0 is published" in done
    assert (await office.host().load(digest)).digest == digest
    assert json.loads(await office.run("queue", "--json")) == []


async def test_that_a_rejection_ends_it_with_its_reason(office: Office) -> None:
    digest = await office.handed_in(artifact())
    told = await office.run("reject", "acme/hello@1.0.0", "--reason", "It greets twice.", "--yes")
    assert "is rejected: a reviewer: It greets twice." in told
    with await office.client(office.publisher.key) as publisher:
        found = await asyncio.to_thread(publisher.submission, digest)
    assert "appeal" not in found["next"], "no other person is asked"
    assert (await office.registry.submission(digest)).why == ("a reviewer: It greets twice.",)
    late = await office.run("approve", digest, "--reason", "But no.", "--yes", code=1)
    assert "nothing to review" in late


async def test_that_what_failed_is_waived_by_name_or_not_at_all(office: Office) -> None:
    digest = await office.handed_in(artifact(), "FAIL")
    await office.registry.appeal(digest, "It is odd on purpose.")
    odd = sorted(office.registry.ground.policy.waivable)[0]
    shown = await office.run("show", digest, "--no-diff")
    assert "It is odd on purpose." in shown
    blind = await office.run("approve", digest, "--reason", "Fine.", "--yes", code=1)
    assert f"--waive {odd}" in blind
    wrong = await office.run(
        "approve", digest, "--reason", "Fine.", "--waive", "other", "--yes", code=1
    )
    assert "nothing to waive" in wrong
    done = await office.run("approve", digest, "--reason", "Fine.", "--waive", odd, "--yes")
    assert "is published" in done
    assert (await office.host().load(digest)).digest == digest


async def test_that_a_registry_which_shows_something_else_gets_no_signature(
    office: Office,
) -> None:
    digest = await office.handed_in(artifact())
    other = artifact(hello="from hyperpersonal_sdk import Agent\nplugin = Agent()\nevil = 1\n")
    for path in (office.folder / "blobs").rglob("*"):
        if path.is_file():
            path.write_bytes(other)
    refused = await office.run("approve", digest, "--reason", "Fine.", "--yes", code=1)
    assert "sign nothing" in refused
    assert (await office.registry.submission(digest)).state == "checked"


async def test_that_quarantine_lift_and_revocation_need_the_right_people(office: Office) -> None:
    digest = await office.handed_in(artifact())
    await office.run("approve", digest, "--reason", "Fine.", "--yes")
    host = office.host()
    assert (await host.load(digest)).digest == digest
    assert "quarantined: acme/hello@1.0.0" in await office.run(
        "quarantine", "acme/hello", "--reason", "Look at it."
    )
    await refused_load(host, digest, "quarantined")
    await publisher_reads(office, digest, "quarantined", "Look at it.")
    assert not await found(office)
    await office.run("lift", "acme/hello", "--reason", "It is fine.")
    assert await found(office)
    await publisher_reads(office, digest, "published")
    await asyncio.sleep(ASKED_AGAIN_S)
    assert (await host.load(digest)).digest == digest, "the same host, which knew of the quarantine"
    no = await office.run("revoke", "acme/hello@1.0.0", "--reason", "It stole.", code=1)
    assert "admin" in no
    await office.run("revoke", "acme/hello@1.0.0", "--reason", "It stole.", who="admin")
    await refused_load(office.host(), digest, "revoked")
    await publisher_reads(office, digest, "revoked", "It stole.")
    with await office.client(office.publisher.key) as publisher:
        body = {"plugin_id": "acme/hello", "kind": "lift", "reason": "Mine."}
        await forbidden(partial(publisher.post, "/withdrawals", body))
        await forbidden(partial(publisher.get, "/reviews"))
        await forbidden(partial(publisher.get, f"/reviews/{digest}/artifact"))
        await forbidden(partial(publisher.get, "/exposure", plugin="acme/hello"))


async def publisher_reads(office: Office, digest: str, state: str, *why: str) -> None:
    """What became of it, in its submission and in the list of all."""
    with await office.client(office.publisher.key) as publisher:
        one = await asyncio.to_thread(publisher.submission, digest)
        listed = await asyncio.to_thread(publisher.submissions, "acme")
    assert (one["state"], tuple(one["why"])) == (state, why)
    assert [each["state"] for each in listed] == [state]


async def test_that_a_trusted_reporter_reports_and_reads_nothing(office: Office) -> None:
    digest = await office.handed_in(artifact())
    await office.run("approve", digest, "--reason", "Fine.", "--yes")
    await office.registry.people.add(raw(key(90)), "A lab", "reporter")
    with await office.client(key(90)) as reporter:
        await forbidden(partial(reporter.get, "/reviews"))
        await forbidden(partial(reporter.get, f"/submissions/{digest}"))
        body = {"plugin_id": "acme/hello", "text": "It sends mail home.", "version": "1.0.0"}
        taken = await asyncio.to_thread(reporter.post, "/observations", body)
    assert taken["quarantined"] == ["1.0.0"]


async def forbidden(ask: Callable[[], Any]) -> None:
    with pytest.raises(RegistryRefusedError) as error:
        await asyncio.to_thread(ask)
    assert error.value.status == 403


async def found(office: Office) -> bool:
    """Whether merchants find acme/hello."""
    await office.gateway.catalogue.follow()
    return any(
        card.plugin_id == "acme/hello" for card in office.gateway.catalogue.of_publisher("acme")
    )


async def refused_load(host: Registry, digest: str, reason: str) -> None:
    with pytest.raises(ReleaseRefusedError) as error:
        await host.load(digest)
    assert error.value.reason == reason


async def merchant(office: Office, slug: str) -> tuple[UUID, str]:
    tenants = Tenants(office.ground.db, office.ground.clock, office.ground.ids)
    tenant = await tenants.create_tenant(slug, slug.title())
    key = await tenants.create_member(tenant.id, NewMember("a@shop.example", "Ada", "owner"))
    return tenant.id, key


async def used(office: Office, tenant: UUID, digest: str, calls: int, days: int) -> None:
    """Receipts of so many calls, on as many days."""
    db, keys = office.ground.db, ReceiptKeys(office.folder / f"receipts-{tenant}")
    units = {"calls": 1, "requests": 1}
    due = [
        DueCall("acme/hello@1.0.0", digest, str(n), "reply", "ok", "aa", units)
        for n in range(calls)
    ]
    for day in range(days):
        at = datetime.now(UTC) - timedelta(days=day)
        async with db.transaction(tenant) as connection:
            await connection.execute(
                "insert into receipts_due (tenant_id, turn_id, at, calls) values ($1, $2, $3, $4)",
                tenant, UUID(int=day + 1), at, msgspec.msgpack.encode(due),
            )  # fmt: skip
    await ReceiptSealer(db, keys).seal_all()


async def test_that_exposed_shops_are_listed_and_told(office: Office) -> None:
    digest = await office.handed_in(artifact(manifest(asks=("tool:commerce.orders.read",))))
    await office.run("approve", digest, "--reason", "Fine.", "--yes")
    tenant, key = await merchant(office, "fernhill")
    _, other = await merchant(office, "elsewhere")
    await used(office, tenant, digest, 3, 1)
    assert await notices(office, key) == []
    await office.run("revoke", "acme/hello@1.0.0", "--reason", "It stole.", who="admin")
    (told,) = await notices(office, key)
    assert (told["release"]["status"], told["release"]["reason"]) == ("revoked", "It stole.")
    assert (told["served"]["calls"], told["installed"]) == (3, False)
    assert told["release"]["at"] is not None
    assert "It stole. It served 3 calls of your shop since" in told["words"]
    assert await notices(office, other) == []
    (met,) = json.loads(await office.run("exposure", "acme/hello", "--json", who="admin"))
    assert (met["exposed"]["slug"], met["exposed"]["calls"]) == ("fernhill", 3)
    assert met["exposed"]["requests"] == 3
    assert any("orders" in words for words in met["data"])
    reached = await office.run("exposure", "acme/hello@1.0.0", who="admin")
    assert "fernhill" in reached
    assert " UTC" in reached
    with await office.client(ADMIN) as admin:
        ask = partial(admin.get, "/exposure/calls", tenant=str(tenant), digest=digest)
        calls = (await asyncio.to_thread(ask))["items"]
    assert [(one["number"], one["hook"]) for one in calls] == [(n, "reply") for n in (1, 2, 3)]
    assert "admin" in await office.run("exposure", "acme/hello", code=1)


async def notices(office: Office, key: str) -> list[Any]:
    async with httpx.AsyncClient(base_url=office.url, timeout=60) as http:
        answer = await http.get("/v1/market/notices", headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def observe(office: Office, path: str, token: str = "", status: int = 201) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    body = {"plugin_id": "acme/hello", "text": "It sends mail home.", "version": ""}
    async with httpx.AsyncClient(base_url=office.url, timeout=60) as http:
        answer = await http.post(path, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_that_anybody_reports_and_real_use_counts(office: Office) -> None:
    digest = await office.handed_in(artifact())
    await office.run("approve", digest, "--reason", "Fine.", "--yes")
    for _ in range(5):
        assert (await observe(office, "/v1/registry/observations"))["quarantined"] == []
    await observe(office, "/v1/registry/observations", status=429)
    await observe(office, "/v1/registry/observations", "no token", status=401)
    for number in range(3):
        tenant, key = await merchant(office, f"shop-{number}")
        assert not (await observe(office, "/v1/market/observations", key))["quarantined"]
        await used(office, tenant, digest, 10, 4)
        taken = await observe(office, "/v1/market/observations", key)
        assert bool(taken["quarantined"]) == (number == 2)
    listed = await office.run("observations")
    assert "user, due" in listed
    found = json.loads(await office.run("observations", "--plugin", "acme/hello", "--json"))
    assert len(found) == 11
    left = await office.run("observations", "--handle", found[0]["id"], "--outcome", "dismissed")
    assert found[0]["id"] not in left
    report = await office.run("report", "acme/hello@1.0.0", "--text", "I saw it too.", "--json")
    assert json.loads(report)["quarantined"] == []  # it is already
    await refused_load(office.registry, digest, "quarantined")


async def test_that_the_sources_can_be_read_as_files_and_the_token_printed(
    office: Office, tmp_path: Path
) -> None:
    packed = artifact()
    digest = await office.handed_in(packed)
    await office.run("show", digest, "--sources", str(tmp_path / "out"))
    assert (tmp_path / "out" / "hello.py").read_bytes() == hpx.unpack(packed).files["hello.py"]
    token = (await office.run("login", "--print-token")).strip()
    with RegistryClient(office.url, token) as client:
        found = await asyncio.to_thread(client.get, f"/reviews/{digest}")
    assert found["dossier"]["digest"] == digest
    assert digest in await office.run("show", "acme/hello", "--no-diff")
    assert "does not wait" in await office.run("show", "acme/other", code=1)
    unknown = await office.run("show", "sha256:0", code=1)
    assert "nothing of this digest" in unknown


async def test_that_a_report_without_words_is_told_what_it_lacks(office: Office) -> None:
    digest = await office.handed_in(artifact())
    await office.run("approve", digest, "--reason", "Fine.", "--yes")
    told = await office.run("report", "acme/hello", "--text", "", code=1)
    assert "text" in told
    assert "length >= 1" in told
    await office.run("observations", "--handle", "0199", "--outcome", "fixed", code=2)
