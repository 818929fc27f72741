"""An author at work: a folder serves in the running demo, and again at each save."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.api import Installations, NewMember, Tenants
from hyperpersonal_sdk import development, hpx, key_files, signing
from hyperpersonal_sdk.cli import plugin
from hyperpersonal_sdk.demo_client import Demo, DemoClient, DemoRefusedError
from hyperpersonal_sdk.testing import fixtures
from hyperpersonal_web.demo.stage import Props, Stage, open_stage
from msgspec import structs

from .conftest import Shop

SAVES = int(os.environ.get("HP_DEV_SAVES", "5"))
SERVES_MS_MAX = 1_000 if SAVES > 50 else 60_000  # of few saves p95 is the slowest
ASK = "Where is my order #W1000001?"


@pytest.fixture
def props(props: Props) -> Props:
    """The demo's, on a port of its own."""
    props.settings = structs.replace(props.settings, port=0)
    return props


def folder_of(place: Path, name: str = "order_help") -> Path:
    done = CliRunner().invoke(plugin, ["init", f"acme/{name}", "--into", str(place / name)])
    assert done.exit_code == 0, done.output
    return place / name


def write(path: Path, text: str, folder: Path) -> None:
    """As editors save: nobody sees half of it, and nothing else in the author's folder."""
    kept = folder.parent / "being-saved"
    kept.write_text(text)
    kept.replace(path)


def saved(folder: Path, word: str) -> None:
    """The author changes what the agent says, and saves."""
    (source,) = folder.glob("hyperpersonal_plugin_*/__init__.py")
    head, _, tail = source.read_text().partition('return Reply(f"Order {order.id} ')
    text = f'{head}return Reply(f"Order {{order.id}} {word} {tail.partition(" ")[2]}'
    write(source, text, folder)


async def answer(stage: Stage, text: str = ASK) -> str:
    """What a new shopper is answered."""
    async with httpx.AsyncClient(base_url=stage.url, timeout=60) as http:
        body = {"channel_key": stage.merchant.channel_key}
        session = (await http.post("/v1/chat/sessions", json=body)).json()
        http.headers["authorization"] = f"Bearer {session['token']}"
        await http.post("/v1/chat/messages", json={"id": "m1", "text": text})
        newest = 0
        while True:
            path = f"/v1/chat/messages?after={newest}&wait=20"
            page = (await http.get(path)).json()
            newest = page["newest"]
            said = [one["text"] for one in page["events"] if one["source"] != "contact"]
            if said:
                return str(said[0])


class Author:
    """`hp plugin dev` in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def line(self, start: str) -> str:
        """The next line that begins so."""
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(120):
                while raw := await self.process.stdout.readline():
                    self.lines.append(raw.decode().rstrip())
                    if self.lines[-1].lstrip().startswith(start):
                        return self.lines[-1]
        except TimeoutError:
            pass
        raise AssertionError((start, self.lines))

    async def told(self, start: str) -> str:
        """A line that begins so, of those that came or the next one."""
        came = [line for line in self.lines if line.lstrip().startswith(start)]
        return came[0] if came else await self.line(start)

    async def stop(self, by: signal.Signals = signal.SIGINT) -> str:
        """Ctrl-C, as a terminal sends it, or what it sends as it closes."""
        self.process.send_signal(by)
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            left = await self.process.stdout.read()
            await self.process.wait()
        return left.decode()


@asynccontextmanager
async def author(stage: Stage, folder: Path, home: Path) -> AsyncIterator[Author]:
    words = ("-u", "-m", "hyperpersonal_web.cli", "plugin", "dev", str(folder), "--no-browser")
    known = {name: value for name, value in os.environ.items() if not name.startswith("HP_")}
    env = {**known, "HOME": str(home), "HP_URL": stage.url, "HP_KEY": stage.merchant.member_key}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=env, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, cwd=home,
    )  # fmt: skip
    try:
        yield Author(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_that_a_save_serves_at_once_and_nothing_stays(props: Props, tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    async with open_stage(props, lambda *_: None) as stage:
        before = await installed(stage)
        async with author(stage, folder, tmp_path) as at_work:
            await at_work.line("✓ acme/order_help serves")
            times = []
            for number in range(SAVES):
                word = "was" if number % 2 else "seems"
                started = time.monotonic()
                saved(folder, word)
                await at_work.line("✓ acme/order_help serves")
                times.append((time.monotonic() - started) * 1000)
                if number < 3:
                    assert f" {word} processed" in await answer(stage)
            turn = (await at_work.told("trn_")).split()[0]
            assert await at_work.told("acme/order_help@0.1.0 reply: ok")
            await recorded(stage, folder, turn)
            assert await at_work.told("1        tool.call commerce.orders.get")
            good = (folder / "plugin.toml").read_text()
            wrong = good.replace('version = "0.1.0"', "version = 1")
            write(folder / "plugin.toml", wrong, folder)
            assert "line 4" in await at_work.line("✗")
            assert " processed" in await answer(stage), "what served before goes on"
            assert "out of the demo again" in await at_work.stop()
        assert await installed(stage) == before
        async with author(stage, folder_of(tmp_path, "closed"), tmp_path) as at_work:
            await at_work.line("chat:")
            assert "acme/closed is out" in await at_work.stop(signal.SIGHUP)
        assert await installed(stage) == before
        assert "e-mail" in await answer(stage), "the first-party agent answers again"
    p50, p95 = (sorted(times)[int(len(times) * part)] for part in (0.5, 0.95))
    print(json.dumps({"saves": SAVES, "p50_ms": round(p50), "p95_ms": round(p95)}))
    assert p95 < SERVES_MS_MAX


async def recorded(stage: Stage, folder: Path, turn: str) -> None:
    """The turn becomes a fixture; one of another plugin or a wrong name does not."""
    env = {"HP_URL": stage.url, "HP_KEY": stage.merchant.member_key}

    async def record(*words: str) -> str:
        asked = ["record", *words]
        return (await asyncio.to_thread(CliRunner().invoke, plugin, asked, env=env)).output

    assert "sandbox.replay" in await record(turn, str(folder), "--name", "seen")
    kept = fixtures.load(folder / "tests" / "fixtures" / "seen.json")
    assert (kept.hook, kept.payload["text"], kept.outcome) == ("reply", ASK, "ok")
    assert [one.name for one in kept.calls] == ["tool.call"]
    assert "is no name" in await record(turn, str(folder), "--name", "../seen")
    other = folder_of(folder.parent, "another")
    assert "was not called in" in await record(turn, str(other))


async def installed(stage: Stage) -> list[tuple[str, str, str, int | None]]:
    """What the merchant has, with each agent's place."""
    ground = stage.ground
    there = Installations(ground.db, ground.clock, ground.ids)
    found = await there.list(stage.merchant.tenant_id)
    return [(one.plugin_id, one.version, one.digest, one.position) for one in found]


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_that_only_the_demos_own_managers_may(props: Props, tmp_path: Path) -> None:
    archive = hpx.unpack(hpx.pack(hpx.collect(folder_of(tmp_path))))
    key, other = (Ed25519PrivateKey.generate() for _ in range(2))
    envelope = development.sign(archive, key)
    async with open_stage(props, lambda *_: None) as stage:

        async def serve(member: str, envelope: bytes, public: str) -> None:
            with DemoClient(Demo(stage.url, member)) as client:
                given = (hpx.pack(archive.files), envelope, public, {})
                await asyncio.to_thread(client.serve, *given)

        tenants = Tenants(stage.ground.db, stage.ground.clock, stage.ground.ids)
        viewer = NewMember("vic@fernhill.example", "Vic", "viewer")
        viewer_key = await tenants.create_member(stage.merchant.tenant_id, viewer)
        elsewhere = await tenants.create_tenant("elsewhere", "Elsewhere")
        owner = NewMember("eve@elsewhere.example", "Eve", "owner")
        owner_key = await tenants.create_member(elsewhere.id, owner)
        public, mine = key_files.public_text(key), stage.merchant.member_key
        release = signing.sign(signing.statement_of(archive), key)
        for member, signed, named, words in (
            (viewer_key, envelope, public, "ask an owner"),
            (owner_key, envelope, public, "not for development"),
            (mine, envelope, key_files.public_text(other), "no key of ours"),
            (mine, b"", public, "no signature"),
            (mine, release, public, "it is signed as"),
            (mine, envelope, "abc", "64 hex digits"),
        ):
            with pytest.raises(DemoRefusedError, match=words):
                await serve(member, signed, named)
        before = await installed(stage)
        await serve(mine, envelope, public)
        assert await installed(stage) != before
    async with open_stage(props, lambda *_: None) as stage:
        assert await installed(stage) == before, "a demo begins without what was left in it"


async def test_that_production_has_no_such_door(shop: Shop) -> None:
    for method, path in (("PUT", "plugin"), ("GET", "turns"), ("DELETE", "plugins/acme/x")):
        found = await shop.http.request(method, f"/v1/development/{path}", headers=shop.staff())
        assert found.status_code == 404
