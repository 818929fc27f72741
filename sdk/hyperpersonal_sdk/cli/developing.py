"""`dev`: the folder serves in the running demo, again at each save; its turns are told."""

import signal
import time
import webbrowser
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import click
import msgspec

from hyperpersonal_sdk import build, development, hpx, key_files
from hyperpersonal_sdk.cli.common import (
    CONFIG_FOLDER,
    FOLDER,
    data_folder,
    declared,
    is_terminal,
    told,
)
from hyperpersonal_sdk.demo_client import Demo, DemoAwayError, DemoClient, running_demo
from hyperpersonal_sdk.errors import BadInputError

WATCH_MS = 50  # how long the files must be quiet
LOOK_AGAIN_MS = 1_000
TURNS_EVERY_S = 0.5
LOOK_BACK = timedelta(seconds=60)

DEMO_OPTIONS = (
    click.option("--url", envvar="HP_URL", default="", help="The demo, else the running one."),
    click.option("--member-key", envvar="HP_KEY", default="", help="Its merchant's key."),
)


@click.command()
@FOLDER
@DEMO_OPTIONS[0]
@DEMO_OPTIONS[1]
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON with the `config` and `secrets` it is installed with.",
)
@click.option("--browser/--no-browser", default=None, help="Open the chat. [on a terminal]")
@click.option("--once", is_flag=True, help="Serve it as it is and leave it there.")
def dev(
    folder: Path, url: str, member_key: str, settings: Path | None, **options: bool | None
) -> None:
    """Serve the folder in the running demo (`./hp demo`), and again at each save.

    It is signed with a key for development that no registry takes, and all it asks is granted: the
    demo's shop holds nobody's data. The terminal shows each turn with its host calls, their
    answers and the plugin's log. Ctrl-C, or closing the
    terminal, brings back what was there before.
    """
    with told(), DemoClient(find_demo(url, member_key)) as client:
        session = _Session(client, folder, settings)
        if options["once"]:
            raise SystemExit(0 if session.serve() else 1)
        _end_by_signals()
        session.serve()
        try:
            _show_chat(client.url, wanted=options["browser"])
            session.watch()
        finally:
            session.close()


def _show_chat(url: str, *, wanted: bool | None) -> None:
    click.echo(f"chat: {url}    staff: {url}/staff")
    if is_terminal() if wanted is None else wanted:
        webbrowser.open(url)


def _end_by_signals() -> None:
    """A closed terminal and `kill` end it as Ctrl-C does: nothing made for trying serves on."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def find_demo(url: str, member_key: str) -> Demo:
    """The named demo, else the one that runs here. Raises DemoAwayError."""
    if url and member_key:
        return Demo(url, member_key)
    found = running_demo(data_folder())
    return Demo(url or found.url, member_key or found.member_key)


class _Session:
    """One run of `dev`."""

    def __init__(self, client: DemoClient, folder: Path, settings: Path | None) -> None:
        self._client = client
        self._folder = folder
        self._settings = settings
        self._key = development.key_in(CONFIG_FOLDER.expanduser())
        self._id = declared(folder).id
        self._digest = ""
        self._tried: dict[str, int] = {}
        self._over = Event()

    def serve(self) -> bool:
        """Let the folder as it is now serve; whether it does. What is wrong is told: the author
        mends it and saves again."""
        started = time.monotonic()
        self._tried = self._stamp()
        try:
            archive = self._archive()
            if archive.digest == self._digest:
                return True
            public = key_files.public_text(self._key)
            envelope = development.sign(archive, self._key)
            self._client.serve(hpx.pack(archive.files), envelope, public, self._given())
        except DemoAwayError:
            raise
        except (BadInputError, OSError, UnicodeDecodeError) as error:
            click.secho(f"✗ {error}", fg="red")
            click.echo("  what served before goes on; mend it and save")
            return False
        self._digest = archive.digest
        ms = (time.monotonic() - started) * 1000
        click.secho(f"✓ {self._id} serves {archive.digest[:19]}… ({ms:.0f} ms)", fg="green")
        return True

    def watch(self) -> None:
        """Until Ctrl-C."""
        import watchfiles

        Thread(target=self._tell_turns, daemon=True).start()
        changes = watchfiles.watch(
            self._folder, watch_filter=self._counts, debounce=400, step=WATCH_MS,
            stop_event=self._over, raise_interrupt=False,
            rust_timeout=LOOK_AGAIN_MS, yield_on_timeout=True,
        )  # fmt: skip
        for _ in changes:
            if self._stamp() != self._tried:  # also of a save that nobody was told of
                self.serve()

    def close(self) -> None:
        """As it was before."""
        self._over.set()
        try:
            self._client.withdraw(self._id)
        except BadInputError as error:
            click.echo(f"{error}")
        else:
            click.echo(f"{self._id} is out of the demo again")

    def _archive(self) -> hpx.Archive:
        said = declared(self._folder)
        if said.id != self._id:
            raise BadInputError(f"the id was {self._id} when `dev` began; start it again")
        if said.runtime.kind == "component":
            build.ensure_built(self._folder, said.entry)
        return hpx.unpack(hpx.pack(hpx.collect(self._folder)))

    def _given(self) -> dict[str, Any]:
        if self._settings is None:
            return {}
        try:
            return msgspec.json.decode(self._settings.read_bytes(), type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise BadInputError(f"{self._settings}: {error}") from error

    def _counts(self, _change: object, path: str) -> bool:
        """Only what is packed or built of."""
        parts = Path(path).relative_to(self._folder.resolve()).parts
        return not (
            parts[0] in hpx.LEFT_OUT
            or any(part.startswith(".") or part == "__pycache__" for part in parts)
            or path.endswith(("~", ".pyc", ".hpx", ".swp"))
        )

    def _stamp(self) -> dict[str, int]:
        """When each file that counts was written."""
        there: dict[str, int] = {}
        for path in self._folder.resolve().rglob("*"):
            with suppress(FileNotFoundError):  # an editor at work
                if path.is_file() and self._counts(None, str(path)):
                    there[str(path)] = path.stat().st_mtime_ns
        return there

    def _tell_turns(self) -> None:
        for line in self._turn_lines():
            click.echo(line)

    def _turn_lines(self) -> Iterator[str]:
        began = since = datetime.now(UTC)
        seen: set[str] = set()
        while not self._over.wait(TURNS_EVERY_S):
            try:
                found = self._client.turns(self._id, since - LOOK_BACK)
            except BadInputError:
                continue  # a demo that stopped is told at the next save
            for turn in found:
                if turn.id not in seen and turn.mine and turn.started_at >= began:
                    yield from ("  " * indent + words for indent, words in turn.lines)
                seen.add(turn.id)
                since = max(since, turn.started_at)
