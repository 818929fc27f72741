"""`record` and `replay`: turns of the demo become fixtures, and run again on the folder."""

from importlib.metadata import entry_points
from pathlib import Path

import click
import msgspec

from hyperpersonal_sdk.cli.common import FOLDER, declared, program, told
from hyperpersonal_sdk.cli.developing import DEMO_OPTIONS, find_demo
from hyperpersonal_sdk.demo_client import DemoClient
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_sdk.manifest import is_name
from hyperpersonal_sdk.testing import fixtures

REPLAY_GROUP = "hyperpersonal.replay"


@click.command()
@click.argument("turn")
@FOLDER
@click.option("--name", default="", help="The fixture's name; the turn's own if left out.")
@DEMO_OPTIONS[0]
@DEMO_OPTIONS[1]
def record(turn: str, folder: Path, name: str, url: str, member_key: str) -> None:
    """Keep what the plugin was asked in TURN, and what it did, as tests/fixtures/NAME.json.

    `dev` and the staff page name the turns (trn_…). Addresses of people, card numbers and
    credentials are replaced. Use it in a test: sandbox.replay("NAME").
    """
    with told(), DemoClient(find_demo(url, member_key)) as client:
        said = declared(folder)
        found = client.fixtures(turn, said.id)
        if not found:
            raise BadInputError(f"{said.id} was not called in {turn}; see `./hp journal {turn}`")
        for number, one in enumerate(found):
            path = _path(folder, name or turn, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(fixtures.dump(msgspec.convert(one, fixtures.Fixture)))
            click.echo(f'{path}. In a test: sandbox.replay("{path.stem}")')


@click.command(context_settings={"ignore_unknown_options": True})
@FOLDER
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def replay(folder: Path, arguments: tuple[str, ...]) -> None:
    """Run the demo's recorded turns on the folder as it is, with no effect: what would change.

    Further arguments choose the turns: --since 2h, --conversation ID, --limit N, --json (see
    `./hp replay --help`). Exit codes: 0 the same, 1 different, 2 wrong usage or nothing to replay.
    """
    with told():
        declared(folder)
    found = next(iter(entry_points(group=REPLAY_GROUP)), None)
    if found is None:
        raise click.ClickException(
            "recorded turns lie with the server, which is not installed here; in the project's "
            f"checkout it is `./hp plugin replay`. `{program()} test` replays fixtures"
        )
    command: click.Command = found.load()
    chosen = arguments if any("-" in one or "_" in one for one in arguments) else ("--limit", "100")
    raise SystemExit(command.main(["--release", str(folder), *chosen], standalone_mode=False))


def _path(folder: Path, name: str, number: int) -> Path:
    if not is_name(name.lower()):
        raise BadInputError(f"{name!r} is no name; use small letters, digits and _")
    suffix = f"_{number + 1}" if number else ""
    return folder / fixtures.FOLDER / f"{name}{suffix}.json"
