"""`init` and `build`: a folder that works, and the component of one that is compiled."""

from pathlib import Path

import click

from hyperpersonal_sdk import build as building
from hyperpersonal_sdk import manifest
from hyperpersonal_sdk.cli.common import FOLDER, declared, program, told

TEMPLATES = Path(__file__).parents[1] / "templates"
TEMPLATE = TEMPLATES / "agent"
SHARED = TEMPLATES / "shared"
KINDS = ("agent", "connector", "channel", "guard", "typescript", "native", "c")


@click.command()
@click.argument("plugin_id")
@click.option("--into", type=click.Path(path_type=Path), help="The new folder; ./NAME if left out.")
@click.option(
    "--template",
    type=click.Choice(KINDS),
    default="agent",
    show_default=True,
    help="agent, connector, channel, guard: Python source. native: an agent in Python with "
    "wheels. typescript, c: an agent as a component.",
)
def init(plugin_id: str, into: Path | None, template: str) -> None:
    """Start a plugin called PUBLISHER/NAME: a few lines that work, with their tests."""
    publisher, _, name = plugin_id.partition("/")
    if not (manifest.is_name(publisher) and manifest.is_name(name)):
        raise click.ClickException(
            "write the id as publisher/name, in small letters, digits, '-' and '_', for example "
            "acme/order_status"
        )
    folder = into or Path(name)
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty; name another with --into")
    words = _words(TEMPLATES / template, plugin_id)
    for source in (SHARED, TEMPLATES / template):
        _copy(source, folder, words)
    verb = "build" if building.is_buildable(folder) else "test"
    click.echo(f"{folder} is ready. Next: {program()} {verb} {folder}")


@click.command()
@FOLDER
def build(folder: Path) -> None:
    """Make the component of a plugin written in TypeScript or C. Needs Node and npm; C needs Zig.

    Python plugins are packed as they are. Any other language: build a component of the world
    in hyperpersonal_sdk/wit/v1 with its own tools, to the path that `entry` names.
    """
    with told():
        made = building.build(folder, declared(folder).entry)
    click.echo(f"{made}: {made.stat().st_size} bytes. Next: {program()} test {folder}")


def _words(template: Path, plugin_id: str) -> dict[str, str]:
    """What the template calls itself -> what the new plugin is called, the longest first."""
    said = manifest.read((template / manifest.MANIFEST_FILE).read_text(encoding="utf-8"))
    old, new = said.id.partition("/")[2], plugin_id.partition("/")[2]
    return {
        said.id: plugin_id,
        f"hyperpersonal_plugin_{old}": f"hyperpersonal_plugin_{_snake(new)}",
        f"test_{old}": f"test_{_snake(new)}",
        said.title: new.replace("_", " ").replace("-", " ").capitalize(),
        "The authors": f"The authors of {plugin_id}",
    }


def _snake(name: str) -> str:
    return name.replace("-", "_")


def _copy(template: Path, folder: Path, words: dict[str, str]) -> None:
    for source in sorted(template.rglob("*")):
        if source.is_dir() or "__pycache__" in source.parts:
            continue
        text, name = source.read_text(encoding="utf-8"), source.relative_to(template).as_posix()
        for written, wanted in words.items():
            text, name = text.replace(written, wanted), name.replace(written, wanted)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
