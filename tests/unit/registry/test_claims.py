"""Names are given to whoever proves a domain, or by an admin; once, and never again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakes.full_registry import FullRegistry, key, raw
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError, ForbiddenError, NotFoundError, RefusedError
from hyperpersonal_registry import house
from hyperpersonal_registry.api import Caller, DomainProofs, Registry
from hyperpersonal_registry.claims import PLACE, WAITING_MAX, WAITS, comes_from, stems
from hyperpersonal_runtime.api import Fetcher


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    return await FullRegistry.open(db, tmp_path)


class Domain:
    """What a publisher's web server shows."""

    def __init__(self) -> None:
        self.text, self.status, self.asked = "", "200 OK", [""]
        self.name = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.decode().split(" ")[1])
        body = self.text.encode()
        lines = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(body)}\r\n"
        lines += "location: http://127.0.0.1:1/\r\nconnection: close\r\n\r\n"
        writer.write(lines.encode() + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def shown() -> AsyncIterator[Domain]:
    domain = Domain()
    server = await asyncio.start_server(domain.answer, "127.0.0.1", 0)
    domain.name = f"localhost.localdomain:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield domain


async def near(name: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.fixture
async def proofs(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DomainProofs]:
    """A registry whose operator lets this one private host be reached, and waits for it."""
    monkeypatch.setattr("hyperpersonal_registry.proofs.SECONDS_MAX", 60.0)
    monkeypatch.setattr("hyperpersonal_registry.proofs.FIRST_BYTE_S", 60.0)
    hosts = ["localhost.localdomain"]
    fetcher = Fetcher(private_hosts=hosts, resolve=near)
    yield DomainProofs(fetcher, hosts)
    await fetcher.close()


async def caller(full: FullRegistry, number: int) -> Caller:
    return await full.registry.people.caller(raw(key(number)))


async def test_that_a_domain_proves_its_name(full: FullRegistry, proofs: DomainProofs) -> None:
    me = await caller(full, 50)
    async with shown() as domain:
        claim = await full.registry.claims.claim(me, "localhost-shop", domain.name)
        with pytest.raises(RefusedError, match="not there yet"):
            await full.registry.claims.prove(me, "localhost-shop", proofs)
        domain.text = f"# ours\n{claim.proof}\n"
        given = await full.registry.claims.prove(me, "localhost-shop", proofs)
    assert given.state == "given"
    assert domain.asked[-1] == PLACE
    assert (await caller(full, 50)).namespace == "localhost-shop"
    packed = artifact(manifest("localhost-shop/hello"))
    assert (await house.submit(full.registry, packed, key(50))).state == "checked"
    told = [entry.kind for entry in await full.registry.journal()][-4:-1]
    assert told == ["namespace.claimed", "namespace.created", "claim.given"]


async def test_that_a_proof_is_read_with_care(full: FullRegistry, proofs: DomainProofs) -> None:
    me = await caller(full, 50)
    async with shown() as domain:
        claim = await full.registry.claims.claim(me, "localhost-shop", domain.name)
        for status, text, words in (
            ("302 Found", claim.proof, "302"),
            ("404 Not Found", claim.proof, "404"),
            ("200 OK", claim.proof + "\n" + "#" * 5_000, "4096"),
            ("200 OK", claim.proof[:-1], "not there yet"),
            ("200 OK", f"x{claim.proof}", "not there yet"),
        ):
            domain.status, domain.text = status, text
            with pytest.raises(RefusedError, match=words):
                await full.registry.claims.prove(me, "localhost-shop", proofs)
    with pytest.raises(RefusedError, match="cannot be read"):
        await DomainProofs(Fetcher(resolve=near)).read(domain.name)
    with pytest.raises(ForbiddenError):
        await full.registry.claims.prove(await caller(full, 51), "localhost-shop", proofs)


async def test_that_a_name_without_a_domain_waits_for_an_admin(
    full: FullRegistry, proofs: DomainProofs
) -> None:
    me = await caller(full, 50)
    claim = await full.registry.claims.claim(me, "handmade")
    assert "admin" in claim.next
    with pytest.raises(RefusedError, match="admin"):
        await full.registry.claims.prove(me, "handmade", proofs)
    assert [one.name for one in await full.registry.claims.waiting()] == ["handmade"]
    assert (await full.registry.claims.approve("handmade", "ann")).state == "given"
    with pytest.raises(ConflictError):
        await full.registry.claims.approve("handmade", "ann")
    with pytest.raises(NotFoundError):
        await full.registry.claims.approve("nobody", "ann")


async def test_that_a_name_is_given_once(full: FullRegistry) -> None:
    me, other = await caller(full, 50), await caller(full, 51)
    for taken in ("acme", "hyperpersona1", "timestamp", "reviews"):
        with pytest.raises(ConflictError):
            await full.registry.claims.claim(me, taken)
    with pytest.raises(RefusedError):
        await full.registry.claims.claim(me, "Not A Name")
    await full.registry.claims.claim(me, "wanted")
    with pytest.raises(ConflictError, match="another key"):
        await full.registry.claims.claim(other, "wanted")
    await full.registry.claims.refuse("wanted", "ann")
    await full.registry.claims.claim(other, "wanted")
    await full.registry.claims.approve("wanted", "ann")
    with pytest.raises(ConflictError, match="already"):
        await full.registry.claims.claim(await caller(full, 51), "another")
    await full.registry.revoke_key(other.key_id, "Lost.")
    with pytest.raises(ConflictError, match="taken"):
        await full.registry.claims.claim(me, "wanted")


def test_that_a_domain_proves_only_names_made_of_it() -> None:
    assert stems("shop.acme.example") == ("shop-acme-example", "shop_acme_example")
    for name, domain in (("acme", "acme.example"), ("acme-agents", "www.acme.example"),
                         ("acme-example", "acme.example")):  # fmt: skip
        assert comes_from(name, domain), (name, domain)
    for name, domain in (("acmes", "acme.example"), ("example", "acme.example"),
                         ("acme", "acme.evil.example"), ("evil", "acme.evil.example"),
                         ("pages", "me.pages.example")):  # fmt: skip
        assert not comes_from(name, domain), (name, domain)
    for domain in ("acme", "https://acme.example", "acme.example/x", "a..b", ""):
        with pytest.raises(RefusedError):
            comes_from("acme", domain)


async def test_that_a_key_is_rotated_under_trust_metadata(full: FullRegistry) -> None:
    """What the old key signed stays good while it speaks; the new one goes on from there."""
    await full.publish(artifact())
    newer = Publisher(77)
    await full.registry.add_key("acme", newer.public)
    packed = artifact(manifest(version="1.1.0"))
    assert (await full.publish(packed, newer)).state == "published"
    host = full.new_host("both")
    for version in ("1.0.0", "1.1.0"):
        found = await full.registry.find("acme/hello", version)
        assert (await host.load(found.digest)).version == version


async def test_that_names_are_not_hoarded(full: FullRegistry) -> None:
    me, other = await caller(full, 50), await caller(full, 51)
    for number in range(WAITING_MAX):
        await full.registry.claims.claim(me, f"hoard{number}")
    with pytest.raises(ConflictError, match="waits for"):
        await full.registry.claims.claim(me, "one-more")
    await full.registry.claims.claim(me, "hoard0")  # again: it is the same one
    await full.registry.claims.claim(other, "one-more")
    with pytest.raises(ConflictError, match="another key"):
        await full.registry.claims.claim(other, "hoard1")
    await full.registry.claims.refuse("hoard1", "an admin")
    await full.registry.claims.claim(me, "freed")


async def test_that_a_claim_nobody_decides_lapses(registry: Registry, clock: FixedClock) -> None:
    """`other` gets the name only once a month has passed."""
    me, other = [await registry.people.caller(raw(key(number))) for number in (50, 51)]
    await registry.claims.claim(me, "sleeping")
    clock.at += WAITS - timedelta(hours=1)
    with pytest.raises(ConflictError, match="another key"):
        await registry.claims.claim(other, "sleeping")
    clock.at += timedelta(hours=2)
    assert (await registry.claims.claim(other, "sleeping")).public == other.public


class Meanwhile:
    """Shows the line, and while it is read something else happens."""

    def __init__(self, text: str, deed: Callable[[], Awaitable[Any]]) -> None:
        self.text, self.deed = text, deed

    async def read(self, domain: str) -> str:
        await self.deed()
        return self.text


async def test_that_a_claim_refused_while_its_domain_is_read_is_refused(
    full: FullRegistry,
) -> None:
    claims, me = full.registry.claims, await caller(full, 50)
    claim = await claims.claim(me, "localhost-shop", "localhost.localdomain")
    refusing = Meanwhile(claim.proof, partial(claims.refuse, claim.name, "an admin"))
    with pytest.raises(ConflictError, match="decided or made anew"):
        await claims.prove(me, claim.name, refusing)
    assert (await claims.get(claim.name)).state == "refused"
    assert (await full.registry.keys_of(claim.name)).all == []


async def test_that_a_claim_that_became_anothers_while_it_was_proven_gives_nobody_the_name(
    full: FullRegistry,
) -> None:
    me, other = await caller(full, 50), await caller(full, 51)
    old = await full.registry.claims.claim(me, "localhost-shop", "localhost.localdomain")
    later = FixedClock(full.clock.now() + WAITS + timedelta(days=1))
    full.clock = later
    claims = full.again().claims
    taking = Meanwhile(old.proof, partial(claims.claim, other, old.name, old.domain))
    with pytest.raises(ConflictError, match="decided or made anew"):
        await claims.prove(me, old.name, taking)
    found = await claims.get(old.name)
    assert (found.public, found.state) == (other.public, "waiting")
    assert (await full.registry.keys_of(old.name)).all == []


async def test_that_a_claim_proven_twice_at_once_is_given_once(full: FullRegistry) -> None:
    claims, me = full.registry.claims, await caller(full, 50)
    claim = await claims.claim(me, "localhost-shop", "localhost.localdomain")
    twice = Meanwhile(claim.proof, partial(asyncio.sleep, 0))
    again = Meanwhile(claim.proof, lambda: claims.prove(me, claim.name, twice))
    assert (await claims.prove(me, claim.name, again)).state == "given"
    kinds = [one.kind for one in await full.registry.journal() if one.subject == claim.name]
    assert kinds == ["namespace.claimed", "namespace.created", "claim.given"]


async def test_that_two_admins_decide_a_claim_once(full: FullRegistry) -> None:
    claims, me = full.registry.claims, await caller(full, 50)
    for number in range(10):
        name = f"shop{number}x"
        await claims.claim(me, name)
        both = (claims.approve(name, "one"), claims.refuse(name, "the other"))
        found = await asyncio.gather(*both, return_exceptions=True)
        assert sum(isinstance(one, ConflictError) for one in found) == 1, found
        state, keys = (await claims.get(name)).state, (await full.registry.keys_of(name)).all
        assert (state == "given") == bool(keys)
        if keys:  # a key has one name
            break
