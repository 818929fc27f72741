"""`hp registry witness`: a witness of somebody's log, on a machine of its own."""

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from hyperpersonal_sdk import key_files
from hyperpersonal_sdk.errors import BadInputError, UntrustedError
from hyperpersonal_sdk.transparency.note import COSIGNATURE, ED25519, NoteKey

from hyperpersonal_web.cli.registry_commands import AS_JSON, registry

if TYPE_CHECKING:
    from hyperpersonal_registry.witness.cosigner import Witness

KEY, NAME, LOGS, STATE = "key", "name", "logs", "state.sqlite"
FOLDER = click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=Path("witness"),
    show_default=True, help="Where the witness keeps its key, its logs, and what it saw.",
)  # fmt: skip


@registry.group()
def witness() -> None:
    r"""Watch a registry's log for others: sign that it only grew.

    A registry could show you one log and somebody else another. A witness signs each checkpoint
    that continues the one it signed before, and no other; hosts that want the signatures of
    witnesses run by several people cannot be shown a past of their own. It needs a machine that is
    not the registry's, and no database.

    \b
      hp registry witness init --name witness.example/w1 --log 'LOG-KEY'
      hp registry witness serve --port 8300
      then tell the registry and its hosts your key and address: HP_WITNESSES

    LOG-KEY is what the registry's people tell (`hp registry status` shows it to them).
    """


@witness.command()
@click.option("--name", required=True, help="Of this witness, such as witness.example/w1; no "
              "spaces and no '+'.")  # fmt: skip
@click.option("--log", "logs", multiple=True, required=True, metavar="LOG-KEY",
              help="Key of a log to watch; several times.")  # fmt: skip
@FOLDER
def init(name: str, logs: tuple[str, ...], folder: Path) -> None:
    """Make the witness's key and say which logs it watches.

    The key never leaves FOLDER and is readable by its owner only. Keep FOLDER for good: a witness
    that forgot what it saw could sign two histories. More logs: a line each in FOLDER/logs.
    """
    from hyperpersonal_registry.witness.state import State as WitnessState

    keys = [_log(text) for text in logs]
    try:
        NoteKey.parse(NoteKey(name, bytes(32), COSIGNATURE).text)
        made = key_files.make_key(folder / KEY)
    except (UntrustedError, BadInputError) as error:
        raise click.UsageError(str(error)) from error
    folder.chmod(0o700)
    WitnessState.make(folder / STATE)
    (folder / NAME).write_text(f"{name}\n")
    (folder / LOGS).write_text("".join(f"{one.text}\n" for one in keys))
    public = NoteKey(name, made.public_key().public_bytes_raw(), COSIGNATURE)
    click.echo(f"this witness is {public.text}")
    click.echo(f"it watches {', '.join(one.name for one in keys)}")
    click.echo(f"next: hp registry witness serve --folder {folder}")


@witness.command()
@FOLDER
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8300, show_default=True)
def serve(folder: Path, host: str, port: int) -> None:
    """Answer the logs that ask (C2SP tlog-witness: POST /add-checkpoint), until interrupted.

    What was seen is on the disk before the signature leaves. Put TLS before it where others reach
    it over a network.
    """
    made = _open(folder)
    from hyperpersonal_web.http.witness import create_witness_app  # only when it runs
    from hyperpersonal_web.server import listen, stop_on_signals
    from hyperpersonal_web.server import serve as run

    async def work() -> None:
        stop = stop_on_signals()
        listener = listen(host, port)
        click.echo(f"http://{host}:{listener.getsockname()[1]}  {made.public.text}")
        await run(create_witness_app(made), listener, stop)

    try:
        asyncio.run(work())
    except OSError as error:
        raise click.ClickException(f"{error}. Is --port taken? 0 takes a free one.") from error


@witness.command()
@FOLDER
@AS_JSON
def show(folder: Path, *, as_json: bool) -> None:
    """The witness's key, and how far it saw each log."""
    from hyperpersonal_registry.witness.state import State as WitnessState

    made, state = _open(folder), WitnessState(folder / STATE)
    seen = {one.name: state.newest(one.name) for one in _logs(folder)}
    sizes = {name: found.size if found else 0 for name, found in seen.items()}
    if as_json:
        click.echo(json.dumps({"key": made.public.text, "seen": sizes}))
        return
    click.echo(made.public.text)
    for name, size in sizes.items():
        click.echo(f"{size:10} entries seen of {name}")


def _open(folder: Path) -> "Witness":
    from hyperpersonal_registry.witness.cosigner import Witness
    from hyperpersonal_registry.witness.state import State as WitnessState

    if not (folder / KEY).exists():
        said = "begin with `hp registry witness init`, or name its --folder"
        raise click.UsageError(f"there is no witness in {folder}: {said}")
    try:
        key, name = key_files.load_key(folder / KEY), (folder / NAME).read_text().strip()
        logs, state = _logs(folder), WitnessState(folder / STATE)
    except (BadInputError, OSError) as error:
        raise click.UsageError(f"this witness cannot go on: {error}") from error
    return Witness(name, key, logs, state, lambda: int(time.time()))


def _logs(folder: Path) -> list[NoteKey]:
    rows = (row.strip() for row in (folder / LOGS).read_text().splitlines())
    return [_log(row) for row in rows if row and not row.startswith("#")]


def _log(text: str) -> NoteKey:
    try:
        found = NoteKey.parse(text)
    except UntrustedError as error:
        raise click.UsageError(f"{text[:60]!r} is no log's key: {error}") from error
    if found.kind != ED25519:
        raise click.UsageError(f"{found.name} is a witness's key, not a log's")
    return found
