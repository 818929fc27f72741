"""The registry over HTTP, as a publisher's client and a stranger use it."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest
from fakes.full_registry import HOLDERS, REVIEWERS, key, raw
from fakes.publishing import artifact, manifest
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import Keeper, Registry, Trust, Verdict, house, naming
from hyperpersonal_sdk import hpx, signing
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.namespace_metadata import signed_release
from hyperpersonal_sdk.registry_client import RegistryClient, RegistryRefusedError
from hyperpersonal_sdk.transparency import checkpoint, merkle, note
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.trusting import LOG_ORIGIN, REGISTRY_KEYS, hold_ceremony, over_http
from hyperpersonal_web.wiring import open_gateway, open_ground, open_understanding

ACME = key(1)
HELLO = artifact()
DIGEST = hpx.unpack(HELLO).digest


class Site:
    """A gateway whose registry had its ceremony."""

    def __init__(self, url: str, registry: Registry, root: bytes, folder: Path) -> None:
        self.url, self.registry, self.root, self.folder = url, registry, root, folder
        self.clients: list[RegistryClient] = []

    def client(self, number: int = 1) -> RegistryClient:
        """Somebody who logged in; 0: nobody."""
        self.clients.append(RegistryClient(self.url))
        if number:
            self.clients[-1].login(key(number))
        return self.clients[-1]

    async def signed(self, packed: bytes = HELLO) -> tuple[bytes, bytes, bytes]:
        """Artifact, envelope and metadata, as a publisher hands them in."""
        envelope = signing.sign(signing.statement_of(hpx.unpack(packed)), ACME)
        now = await asyncio.to_thread(self.client(0).metadata, "acme")
        ends = SystemClock().now().replace(microsecond=0, year=2027)
        return packed, envelope, signed_release(now, packed, ends, ACME)

    async def published(self) -> None:
        await self.registry.create_namespace("acme", raw(ACME))
        passed = [Verdict(name, "PASS") for name in self.registry.ground.policy.checks]
        found = await house.publish(self.registry, HELLO, ACME, REVIEWERS, lambda _: passed)
        assert found.state == "published", found.why


@pytest.fixture
async def site(db: Database, dsn: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    settings = Settings(data_dir=tmp_path, nats_prefix=f"t{secrets.token_hex(6)}")
    root = await hold_ceremony(settings, db, HOLDERS, 2)
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, settings, Addresses(dsn, nats_url))
        gateway = await open_gateway(stack, ground, open_understanding(ground))
        for number, reviewer in enumerate(REVIEWERS):
            await gateway.registry.people.add(raw(reviewer), f"R{number}", "reviewer")
        assert not await naming.hold(gateway.registry, HOLDERS)
        listener = listen("127.0.0.1", 0)
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        made = Site(url, gateway.registry, root, tmp_path)
        yield made
        for client in made.clients:
            client.close()
        stop.set()
        await serving
        await ground.bus.drop_streams()


async def refused(ask: object, *given: object) -> int:
    with pytest.raises(RegistryRefusedError) as error:
        await asyncio.to_thread(ask, *given)  # type: ignore[arg-type]
    assert error.value.problem["type"]
    return error.value.status


async def test_that_a_publisher_submits_and_hears_what_is_next(site: Site) -> None:
    me = await asyncio.to_thread(site.client)
    claimed = await asyncio.to_thread(me.claim, "acme")
    assert claimed["state"] == "waiting"
    assert "admin" in claimed["next"]
    await site.registry.claims.approve("acme", "an admin")
    assert (await asyncio.to_thread(me.namespace, "acme"))["state"] == "given"
    said = await asyncio.to_thread(me.submit, *await site.signed())
    assert (said["state"], said["digest"]) == ("submitted", DIGEST)
    assert "status" in said["next"]
    failed = [Verdict(name, "PASS") for name in site.registry.ground.policy.checks]
    failed[-1] = Verdict(failed[-1].check, "FAIL", "It sends a copy to somebody new.")
    await site.registry.record_verdicts(DIGEST, failed)
    said = await asyncio.to_thread(me.submission, DIGEST)
    assert said["state"] == "rejected"
    assert "somebody new" in said["why"][0]
    assert "appeal" in said["next"]
    assert len(said["verdicts"]) == len(failed)


async def test_that_only_its_own_namespace_asks_and_appeals(site: Site) -> None:
    await site.published()
    stranger = await asyncio.to_thread(site.client, 66)
    for ask, given in (
        (stranger.submission, (DIGEST,)),
        (stranger.appeal, (DIGEST, "Let it pass.")),
        (stranger.yank, ("acme/hello", "1.0.0", "I do not like it.")),
    ):
        assert await refused(ask, *given) == 403
        assert await refused(getattr(site.client(0), ask.__name__), *given) == 401
    with RegistryClient(site.url, "rubbish") as rubbish:
        assert await refused(rubbish.submission, DIGEST) == 401
    me = await asyncio.to_thread(site.client)
    await asyncio.to_thread(me.yank, "acme/hello", "1.0.0", "It greets twice.")
    found = await asyncio.to_thread(me.releases, "acme/hello")
    assert found[0]["status"] == "yanked"


async def test_that_a_login_is_signed_by_its_key(site: Site) -> None:
    async with httpx.AsyncClient(base_url=f"{site.url}/v1/registry", timeout=60) as http:
        public = raw(ACME).hex()
        challenge = (await http.post("/login/challenge", json={"public": public})).json()
        said = {"public": public, **challenge, "signature": key(2).sign(b"x").hex()}
        assert (await http.post("/login", json=said)).status_code == 401
        other = {**said, "public": raw(key(2)).hex()}
        assert (await http.post("/login", json=other)).status_code == 401
        assert (await http.post("/login/challenge", json={"public": "x"})).status_code == 400


async def test_that_strangers_verify_all_they_read(site: Site) -> None:
    await site.published()
    async with httpx.AsyncClient(base_url=site.url, timeout=60) as http:
        host = Keeper(Trust(site.folder / "elsewhere", site.root), over_http(http))
        assert await host.refresh()
        blob = await http.get(f"/v1/registry/blobs/{DIGEST}")
        assert "immutable" in blob.headers["cache-control"]
        assert host.trust.admit("acme/hello", "1.0.0", blob.content).reviewers
        with pytest.raises(UntrustedError):
            host.trust.admit("acme/hello", "1.0.0", blob.content[:-1])
        bill = (await http.get(f"/v1/registry/sboms/{DIGEST}")).json()
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
        assert bill["metadata"]["component"]["version"] == "1.0.0"
        for path in ("blobs/sha256:0", f"blobs/sha256:{'0' * 64}", "tuf/../root.json", "tuf/a",
                     "releases/acme/nothing", "log/tile/0/999", "log/tile/x/000",
                     f"log/tile/0/{'x999/' * 6}999", f"log/tile/entries/{'x999/' * 4}999",
                     "log/inclusion/0/1", "log/growth/5/99999", "submissions/x"):  # fmt: skip
            assert (await http.get(f"/v1/registry/{path}")).status_code in (401, 404), path


async def test_that_a_role_is_asked_for_by_its_name_and_never_by_a_pattern(site: Site) -> None:
    await site.published()
    names = f"{site.url}/v1/registry/namespaces/"
    async with httpx.AsyncClient(base_url=names, timeout=60) as http:
        assert (await http.get("acme/metadata")).status_code == 200
        for pattern in (".*", "ac.e", "acme|x", "(", "%5B", "(a*)*b", "acme%27"):
            assert (await http.get(f"{pattern}/metadata")).status_code == 404, pattern


async def test_that_the_log_is_checked_from_outside(site: Site) -> None:
    await site.published()
    async with httpx.AsyncClient(base_url=f"{site.url}/v1/registry", timeout=60) as http:
        from hyperpersonal_registry.api import KeyFolder

        log = KeyFolder(site.folder / REGISTRY_KEYS).signer(LOG_ORIGIN).public
        assert isinstance(log, note.NoteKey)
        seen = checkpoint.verify((await http.get("/log/checkpoint")).content, log)
        tile = (await http.get(f"/log/tile/0/000.p/{seen.size}")).content
        entries = (await http.get(f"/log/tile/entries/000.p/{seen.size}")).content
        leaves, at = [], 0
        while at < len(entries):
            size = int.from_bytes(entries[at : at + 2], "big")
            leaves.append(merkle.leaf_hash(entries[at + 2 : at + 2 + size]))
            at += 2 + size
        assert b"".join(leaves) == tile
        assert hashlib.sha256(tile).digest()
        proof = (await http.get(f"/log/inclusion/2/{seen.size}")).json()["hashes"]
        from base64 import b64decode

        hashes = [b64decode(one) for one in proof]
        merkle.verify_inclusion(leaves[1], 1, seen.size, hashes, seen.root)
        with pytest.raises(UntrustedError):
            merkle.verify_inclusion(leaves[0], 1, seen.size, hashes, seen.root)


async def test_that_what_is_too_large_or_half_is_refused(site: Site) -> None:
    await site.published()
    me = await asyncio.to_thread(site.client)
    packed, envelope, _ = await site.signed(artifact(manifest(version="1.1.0")))
    assert await refused(me.submit, packed, envelope, None) == 422
    assert await refused(me.submit, packed[:-9], envelope, None) == 422
    assert await refused(me.submit, b"", b"", None) == 400
    assert await refused(me.submit, packed, b"x" * 20_000, None) == 413


async def test_that_a_private_release_needs_no_reviewer_and_shows_to_no_stranger(
    site: Site,
) -> None:
    await site.registry.create_namespace("acme", raw(ACME))
    ours = {"visibility": "private", "tenants": "tnt_" + "1" * 32}
    client = await asyncio.to_thread(site.client)
    parts = await site.signed()
    for wrong in (
        {**ours, "tenants": "fernhill"},
        {"visibility": "secret"},
        {**ours, "tenants": ""},
    ):
        with pytest.raises(RegistryRefusedError) as refused:
            await asyncio.to_thread(lambda said=wrong: client.submit(*parts, **said))
        assert refused.value.status == 400
    assert await site.registry.releases("acme/hello") == []
    await asyncio.to_thread(lambda: client.submit(*parts, **ours))
    passed = [Verdict(name, "PASS") for name in site.registry.ground.policy.checks]
    found = await site.registry.record_verdicts(DIGEST, passed)
    assert found.state == "published", found.why
    with pytest.raises(RegistryRefusedError) as hidden:
        await asyncio.to_thread(site.client(0).releases, "acme/hello")
    assert hidden.value.status == 404
    opened = {"visibility": "public"}
    with pytest.raises(RegistryRefusedError) as closed:
        await asyncio.to_thread(lambda: client.submit(*parts, **opened))
    assert closed.value.status == 409


async def test_that_only_its_publisher_says_who_sees_a_plugin(site: Site) -> None:
    await site.registry.create_namespace("acme", raw(ACME))
    await site.registry.create_namespace("bolt", raw(key(9)))
    said = {"visibility": "unlisted", "tenants": []}
    path = f"{site.url}/v1/registry/plugins/acme/hello/visibility"
    async with httpx.AsyncClient(timeout=60) as http:
        assert (await http.put(path, json=said)).status_code == 401
        for number, status in ((9, 403), (1, 200)):
            session = await asyncio.to_thread(site.client(0).login, key(number))
            headers = {"authorization": f"Bearer {session.token}"}
            assert (await http.put(path, json=said, headers=headers)).status_code == status
            assert (await http.get(path, headers=headers)).status_code == status


async def test_that_a_hostile_publisher_breaks_nothing(site: Site) -> None:
    """U+0000 in paths and texts, a form in an unknown writing: refused, by name."""
    await site.published()
    me = await asyncio.to_thread(site.client)
    session = await asyncio.to_thread(me.login, ACME)
    bearer = {"authorization": f"Bearer {session.token}"}
    registry = f"{site.url}/v1/registry"
    async with httpx.AsyncClient(base_url=registry, headers=bearer, timeout=60) as http:
        for path in ("/namespaces/a%00b", "/submissions/%00", "/releases/a%00/b", "/blobs/%00"):
            assert 400 <= (await http.get(path)).status_code < 500, path
        for reason in ("a\0b", "\0"):
            yank = await http.post("/releases/acme/hello/1.0.0/yank", json={"reason": reason})
            assert yank.status_code == 400
            assert "U+0000" in yank.json()["detail"]
        part = b'--x\r\ncontent-disposition: form-data; name="artifact"\r\n'
        form = part + b"content-type: text/plain; charset=nope\r\n\r\nx\r\n--x--"
        kind = {"content-type": "multipart/form-data; boundary=x"}
        answer = await http.post("/submissions", content=form, headers=kind)
        assert answer.status_code == 400
        assert "UTF-8" in answer.json()["detail"]
    assert (await asyncio.to_thread(me.releases, "acme/hello"))[0]["status"] == "published"


async def test_that_a_refused_release_changes_nothing_about_who_sees_the_plugin(site: Site) -> None:
    await site.published()
    me = await asyncio.to_thread(site.client)
    _, envelope, metadata = await site.signed(artifact(manifest(version="1.0.1")))
    ask = partial(me.submit, visibility="unlisted")
    assert await refused(ask, b"no archive", envelope, metadata) == 422
    seen = await asyncio.to_thread(me.get, "/plugins/acme/hello/visibility")
    assert seen["visibility"] == "public"
    taken = await site.signed(artifact(manifest(version="1.0.1")))
    await asyncio.to_thread(ask, *taken)
    seen = await asyncio.to_thread(me.get, "/plugins/acme/hello/visibility")
    assert seen["visibility"] == "unlisted", "one that is taken does"
