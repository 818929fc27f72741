"""Two witnesses as their keepers run them, a registry that asks them, and hosts that want both."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from fakes.full_registry import SIGNER, FullRegistry, load
from fakes.publishing import artifact, manifest
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import Keeper, Registry, Trust, from_database
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.transparency import checkpoint, note
from hyperpersonal_web.cli.registry_commands import registry
from hyperpersonal_web.witnesses import wanted_of, witnesses_of
from hyperpersonal_web.witnessing import ask_witnesses

HELLO, LATER = artifact(), artifact(manifest(version="1.0.1"))
DIGEST, NEXT = (hpx.unpack(one).digest for one in (HELLO, LATER))
SECONDS_MAX = 200.0


class Running:
    """A witness's process; it can be killed and started again where it was."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.port = folder / f"witness-{number}", 0
        done = witness("init", "--name", f"witness.example/{number}", "--log",
                       SIGNER.public.text, "--folder", str(self.folder))  # fmt: skip
        assert "this witness is witness.example" in done
        self.start()

    def start(self) -> None:
        """It serves a little later: `ready`."""
        given = ("--folder", str(self.folder), "--port", str(self.port))
        command = [sys.executable, "-m", "hyperpersonal_web.cli", "registry", "witness", "serve"]
        self.process = subprocess.Popen([*command, *given], stdout=subprocess.PIPE, text=True)

    def ready(self) -> None:
        assert self.process.stdout is not None
        self.url, self.key = self.process.stdout.readline().split()
        self.port = int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(60)

    @property
    def seen(self) -> int:
        told = json.loads(witness("show", "--folder", str(self.folder), "--json"))
        return int(told["seen"][SIGNER.name])


def witness(*command: str) -> str:
    done = CliRunner().invoke(registry, ["witness", *command])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def both(tmp_path: Path) -> Iterator[list[Running]]:
    made = [Running(tmp_path, number) for number in (1, 2)]
    for one in made:
        one.ready()
    yield made
    assert [one.end() for one in made] == [0, 0]


@pytest.fixture
def settings(both: list[Running]) -> Settings:
    named = ", ".join(f"{one.key} {one.url}" for one in both)
    return Settings(witnesses=named, witnesses_needed=2)


@pytest.fixture
async def full(db: Database, tmp_path: Path, settings: Settings) -> AsyncIterator[FullRegistry]:
    """A registry that asks both."""
    async with AsyncExitStack() as stack:
        made = await FullRegistry.open(db, tmp_path)
        ask_witnesses(stack, settings, made.registry)
        yield made


def host(full: FullRegistry, settings: Settings, name: str = "careful") -> Registry:
    trust = Trust(full.folder / name, full.root, witnesses=wanted_of(settings))
    keeper = Keeper(trust, from_database(full.db))
    return Registry(full.db, full.blobs, full.clock, keeper=keeper)


async def loads(registry: Registry, digest: str) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while (why := await load(registry, digest)) != digest:
            assert why == "unlogged"
            await asyncio.sleep(0.1)


@pytest.mark.timeout(600)  # two processes start, on a machine that may be busy
async def test_that_hosts_load_what_both_witnesses_saw(
    full: FullRegistry, settings: Settings, both: list[Running]
) -> None:
    await full.publish(HELLO)
    careful = host(full, settings)
    await loads(careful, DIGEST)
    assert both[0].seen == both[1].seen == await full.registry.log_size()
    both[0].kill()
    assert (await full.publish(LATER)).state == "published", "nobody waits for a witness"
    assert await load(careful, NEXT) == "unlogged"
    assert await load(careful, DIGEST) == DIGEST, "what was proven stays so"
    both[0].start()
    await asyncio.to_thread(both[0].ready)
    await loads(careful, NEXT)
    assert both[0].seen == both[1].seen == await full.registry.log_size()
    signed = note.parse(await full.registry.checkpoint())
    assert {one.key for one in both} == {one.key.text for one in witnesses_of(settings)}
    assert len(note.signers(signed, wanted_of(settings).keys)) == 2
    await speaks_the_protocol(full, both[0])


async def speaks_the_protocol(full: FullRegistry, asked: Running) -> None:
    """C2SP tlog-witness, as anybody's log would speak it."""
    shown = await full.registry.checkpoint()
    size = checkpoint.parse(note.parse(shown).text).size
    lie = SIGNER.sign(size + 9, bytes(32))
    async with httpx.AsyncClient(base_url=asked.url, timeout=60) as http:

        async def ask(body: bytes) -> httpx.Response:
            return await http.post("/add-checkpoint", content=body)

        again = await ask(b"old %d\n\n" % size + shown)
        assert again.status_code == 200
        assert again.text.startswith("\N{EM DASH} witness.example/1 ")
        behind = await ask(b"old 0\n\n" + shown)
        assert (behind.status_code, behind.text) == (409, f"{size}\n")
        assert behind.headers["content-type"].startswith("text/x.tlog.size")
        assert (await ask(b"old %d\n\n" % size + lie)).status_code == 422
        stranger = shown.replace(SIGNER.name.encode(), b"log.example/other")
        assert (await ask(b"old 0\n\n" + stranger)).status_code == 404
        assert (await ask(b"nothing")).status_code == 400
        assert (await ask(b"x" * 300_000)).status_code == 413
        assert (await http.get("/")).text.strip() == asked.key


def test_that_a_keeper_is_told_what_to_do(tmp_path: Path) -> None:
    def refused(*command: str) -> str:
        done = CliRunner().invoke(registry, ["witness", *command])
        assert done.exit_code == 2, done.output
        return done.output

    folder = ("--folder", str(tmp_path / "w"))
    good = ("--name", "w.example/1", "--log", SIGNER.public.text)
    assert "no log's key" in refused("init", "--name", "w", "--log", "rubbish", *folder)
    assert "no spaces" in refused("init", "--name", "a b", "--log", SIGNER.public.text, *folder)
    assert "witness init" in refused("serve", *folder)
    made = witness("init", *good, *folder)
    assert oct((tmp_path / "w" / "key").stat().st_mode & 0o777) == "0o600"
    assert "exists already" in refused("init", *good, *folder)
    (tmp_path / "w" / "state.sqlite").unlink()
    assert "new witness" in refused("serve", *folder), "a witness that forgot does not sign"
    key = made.split()[3]
    assert "not a log's" in refused("init", "--name", "w", "--log", key, *folder)


def test_that_settings_for_witnesses_are_checked() -> None:
    key = note.NoteKey("w.example", bytes(32), note.COSIGNATURE).text
    assert wanted_of(Settings()).needed == 0
    assert wanted_of(Settings(witnesses=key, witnesses_needed=1)).keys[0].text == key
    for named, needed in (
        ("rubbish", 0), (SIGNER.public.text, 0), (f"{key} ftp://x", 0), (f"{key}, {key}", 0),
        (f"{key} http://a b", 0), ("", 1), (key, 2),
    ):  # fmt: skip
        with pytest.raises(RefusedError, match="HP_WITNESSES"):
            wanted_of(Settings(witnesses=named, witnesses_needed=needed))
