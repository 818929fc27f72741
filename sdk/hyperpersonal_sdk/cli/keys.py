"""`keys new`, `keys show`, `keys rotate`: the key a publisher signs with."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from hyperpersonal_sdk import dsse, key_files
from hyperpersonal_sdk.cli.common import KEY, program, told


@click.group()
def keys() -> None:
    """The key a publisher signs with."""


@keys.command("new")
@KEY
def new_key(key: Path) -> None:
    """Make a key; nobody but you can read it. The registry is told its public half at `login`."""
    with told():
        made = key_files.make_key(key.expanduser())
    click.echo(f"made {key}. Keep a copy where only you get at it: nobody can make it again.")
    click.echo(f"Next: {program()} claim YOURNAME, the namespace you publish in")
    click.echo(f"its public half: {key_files.public_text(made)}")


@keys.command("show")
@KEY
def show_key(key: Path) -> None:
    """The public half and the id of a key."""
    with told():
        public = key_files.public_text(key_files.load_key(key.expanduser()))
    click.echo(f"public {public}\nid     {dsse.key_id(bytes.fromhex(public))}")


@keys.command("rotate")
@click.argument("namespace")
@KEY
@click.option("--registry", envvar="HP_REGISTRY_URL", default="", help="Which one; see `login`.")
def rotate_key(namespace: str, key: Path, registry: str) -> None:
    """Let a new key speak for NAMESPACE, and use it from now on.

    The old key stands for the new one, and the registry adds it; the old one stays valid beside it
    until it expires or is revoked, and is kept as KEY.DATE. Nothing changes when the registry says
    no.
    """
    from hyperpersonal_sdk.cli.account import client_as

    path = key.expanduser()
    coming = path.with_name(path.name + ".next")
    with told():
        old = key_files.load_key(path)
        new = key_files.load_key(coming) if coming.exists() else key_files.make_key(coming)
        with client_as(registry, old) as client:
            client.add_key(namespace, new, old)
        kept = _replace(path, coming)
    click.echo(f"{namespace}: {key} is the new key now, the old one is {kept}")
    click.echo(f"its public half: {key_files.public_text(new)}")


def _replace(path: Path, coming: Path) -> Path:
    """The new key takes the old one's place; each step can be cut and done again."""
    kept = path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%d%H%M%S}")
    for old, new, aside in zip(_pair(path), _pair(coming), _pair(kept), strict=True):
        if old.exists():
            os.link(old, aside)
        new.replace(old)
    return kept


def _pair(path: Path) -> tuple[Path, Path]:
    """The public half first: the private one is what later steps look for."""
    return key_files.public_path(path), path
