"""What the author's commands share: arguments, how a refusal is told, where things are."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from hyperpersonal_sdk import hpx, manifest
from hyperpersonal_sdk.errors import ArchiveError, BadInputError

CONFIG_FOLDER = Path("~/.config/hyperpersonal")
DEFAULT_KEY = CONFIG_FOLDER / "publisher.key"

FOLDER = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="."
)
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
KEY = click.option(
    "--key",
    type=click.Path(path_type=Path),
    default=DEFAULT_KEY,
    envvar="HP_PUBLISHER_KEY",
    show_default=True,
    help="Your key's file, else HP_PUBLISHER_KEY.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")


@contextmanager
def told() -> Iterator[None]:
    """What is refused is told in a line, without a traceback."""
    try:
        yield
    except BadInputError as error:
        raise click.ClickException(str(error)) from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"a file is not UTF-8: {error}") from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error


def declared(folder: Path) -> manifest.Manifest:
    """The manifest of a plugin's folder, checked. Raises BadInputError."""
    check_is_plugin(folder)
    return manifest.parse((folder / manifest.MANIFEST_FILE).read_text(encoding="utf-8"))


def archived(folder: Path) -> hpx.Archive:
    """The folder as an archive, unchecked. Raises ArchiveError."""
    check_is_plugin(folder)  # before all its files are read
    return hpx.unpack(hpx.pack(hpx.collect(folder)))


def check_is_plugin(folder: Path) -> None:
    """Raises ArchiveError where there is no manifest."""
    if not (folder / manifest.MANIFEST_FILE).is_file():
        raise ArchiveError(
            "no_manifest",
            f"there is no {manifest.MANIFEST_FILE} in {folder}; `{program()} init` makes one",
        )


def program() -> str:
    """How the author started us, for the commands we tell."""
    context = click.get_current_context(silent=True)
    root = context.find_root().info_name if context else None
    return "hp plugin" if root in (None, "hp", "plugin") else str(root)


def data_folder() -> Path | None:
    """The demo's data folder on this machine: the host program's, HP_DATA_DIR, or `.hp` above."""
    context = click.get_current_context(silent=True)
    if context is not None and isinstance(context.obj, Path):
        return context.obj
    if given := os.environ.get("HP_DATA_DIR"):
        return Path(given)
    here = Path.cwd()
    return next((one / ".hp" for one in (here, *here.parents) if (one / ".hp").is_dir()), None)


def is_terminal() -> bool:
    """Whether a person watches: colour and progress are for them only."""
    return sys.stdout.isatty()
