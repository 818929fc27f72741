"""`hp plugin …`: what an author does, from an empty folder to a signed archive. No network."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from hyperpersonal_sdk import build, checks, dsse, hpx, key_files, manifest, signing
from hyperpersonal_sdk.errors import ArchiveError, BadInputError

TEMPLATES = Path(__file__).parent / "templates"
TEMPLATE = TEMPLATES / "agent"
DEFAULT_KEY = Path("~/.config/hyperpersonal/publisher.key")
EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

_FOLDER = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="."
)
_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_KEY = click.option(
    "--key", type=click.Path(path_type=Path), default=DEFAULT_KEY, show_default=True
)


@click.group()
def plugin() -> None:
    """Write, check, test, pack and sign a plugin."""


@plugin.command()
@click.argument("plugin_id")
@click.option("--into", type=click.Path(path_type=Path), help="The new folder; ./NAME if left out.")
@click.option(
    "--template",
    type=click.Choice(["agent", "native", "typescript", "c"]),
    default="agent",
    show_default=True,
    help="agent: Python source. native: Python with wheels. typescript, c: a component.",
)
def init(plugin_id: str, into: Path | None, template: str) -> None:
    """Start an agent called PUBLISHER/NAME: fifteen lines that work, with their tests."""
    publisher, _, name = plugin_id.partition("/")
    if not (manifest.is_name(publisher) and manifest.is_name(name)):
        raise click.ClickException("write the id as publisher/name, for example acme/order_status")
    folder = into or Path(name)
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty")
    module = f"hyperpersonal_plugin_{name.replace('-', '_')}"
    words = {
        "acme/order_status": plugin_id,
        "hyperpersonal_plugin_order_status": module,
        "Order status": name.replace("_", " ").replace("-", " ").capitalize(),
    }
    _copy(TEMPLATES / template, folder, words)
    verb = "build" if build.is_buildable(folder) else "test"
    click.echo(f"{folder} is ready. Next: hp plugin {verb} {folder}")


@plugin.command("build")
@_FOLDER
def build_component(folder: Path) -> None:
    """Make the component of a plugin written in TypeScript or C. Needs Node and npm; C needs Zig.

    Python plugins are packed as they are. Any other language: build a component of the world
    in hyperpersonal_sdk/wit/v1 with its own tools, to the path that `entry` names.
    """
    with _told():
        made = build.build(folder, _declared(folder).entry)
    click.echo(f"{made}: {made.stat().st_size} bytes")


@plugin.command()
@_FOLDER
def check(folder: Path) -> None:
    """Check the manifest, the files and the sources by the registry's own rules."""
    with _told():
        archive = _checked(folder)
    said = archive.manifest
    click.echo(f"{said.id} {said.version}: {len(archive.files)} files, {archive.digest}")
    for text in said.asked.texts:
        click.echo(f"  asks {text}")


@plugin.command(context_settings={"ignore_unknown_options": True})
@_FOLDER
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED)
def test(folder: Path, pytest_args: tuple[str, ...]) -> None:
    """Run the plugin's tests, in its real sandbox where they use the fixture `sandbox`."""
    tests = folder / "tests"
    if not tests.is_dir():
        raise click.ClickException(f"there is no {tests}")
    command = [sys.executable, "-m", "pytest", *_quiet(), str(tests), *pytest_args]
    done = subprocess.run(command, check=False)
    raise SystemExit(done.returncode)


def _quiet() -> tuple[str, ...]:
    """What keeps pytest-asyncio, where it is installed, from asking authors for a setting."""
    there = importlib.util.find_spec("pytest_asyncio") is not None
    return ("-o", "asyncio_default_fixture_loop_scope=function") if there else ()


@plugin.command()
@_FOLDER
@click.option("--out", type=click.Path(path_type=Path), help="dist/NAME-VERSION.hpx if left out.")
def pack(folder: Path, out: Path | None) -> None:
    """Make the archive: the same bytes from the same sources on any machine."""
    with _told():
        archive = _checked(folder)
        said = archive.manifest
        name = said.id.partition("/")[2]
        out = out or folder / "dist" / f"{name}-{said.version}.hpx"
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(hpx.pack(archive.files))
    click.echo(f"{out} {archive.digest}")


@plugin.group()
def keys() -> None:
    """The key a publisher signs with."""


@keys.command("new")
@_KEY
def new_key(key: Path) -> None:
    """Make a key; nobody but you can read it. Tell the registry its public half."""
    with _told():
        made = key_files.make_key(key.expanduser())
    click.echo(f"made {key}; its public half: {key_files.public_text(made)}")


@keys.command("show")
@_KEY
def show_key(key: Path) -> None:
    """The public half and the id of a key."""
    with _told():
        public = key_files.public_text(key_files.load_key(key.expanduser()))
    click.echo(f"public {public}\nid     {dsse.key_id(bytes.fromhex(public))}")


@plugin.command()
@_FILE
@_KEY
def sign(file: Path, key: Path) -> None:
    """Sign an archive: writes FILE.sig, a DSSE envelope."""
    with _told():
        statement = signing.statement_of(hpx.unpack(file.read_bytes()))
        envelope = signing.sign(statement, key_files.load_key(key.expanduser()))
        _signature(file).write_bytes(envelope)
    click.echo(f"{_signature(file)}: {statement.id} {statement.version} {statement.digest}")


@plugin.command()
@_FILE
@click.option("--public", required=True, help="The publisher's public key, 64 hex digits.")
def verify(file: Path, public: str) -> None:
    """Verify an archive and its FILE.sig offline, against a publisher's public key."""
    with _told():
        envelope = _signature(file).read_bytes() if _signature(file).exists() else b""
        namespace = signing.claimed(envelope).id.partition("/")[0]
        key = signing.TrustedKey(_public(public), namespace, *EVER)
        release = signing.verify(envelope, file.read_bytes(), [key], datetime.now(UTC))
    said = release.statement
    click.echo(f"right: {said.id} {said.version} {said.digest}")


@contextmanager
def _told() -> Iterator[None]:
    """What is refused is told in a line, without a traceback."""
    try:
        yield
    except BadInputError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error


def _declared(folder: Path) -> manifest.Manifest:
    return manifest.parse((folder / manifest.MANIFEST_FILE).read_text())


def _checked(folder: Path) -> hpx.Archive:
    """The folder as an archive that passed every rule."""
    if not (folder / manifest.MANIFEST_FILE).is_file():  # before all its files are read
        raise ArchiveError("no_manifest", f"there is no {manifest.MANIFEST_FILE} in {folder}")
    archive = hpx.unpack(hpx.pack(hpx.collect(folder)))
    checks.check(archive)
    return archive


def _signature(file: Path) -> Path:
    return file.with_name(file.name + ".sig")


def _public(text: str) -> bytes:
    try:
        public = bytes.fromhex(text)
    except ValueError:
        public = b""
    if len(public) != 32:
        raise BadInputError("a public key is 64 hex digits; see `hp plugin keys show`")
    return public


def _copy(template: Path, folder: Path, words: dict[str, str]) -> None:
    for source in sorted(template.rglob("*")):
        if source.is_dir() or "__pycache__" in source.parts:
            continue
        text, name = source.read_text(), source.relative_to(template).as_posix()
        for written, wanted in words.items():
            text, name = text.replace(written, wanted), name.replace(written, wanted)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
