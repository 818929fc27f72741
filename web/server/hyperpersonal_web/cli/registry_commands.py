"""All of `hp registry`: its commands by name; each module adds its own to the group when asked."""

import click

from hyperpersonal_web.cli.lazy import LazyGroup

AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")
_HERE = "hyperpersonal_web.cli.registry"
COMMANDS = {
    "init": (_HERE, "Hold the root ceremony: make the registry's keys and sign its root."),
    "pin": (_HERE, "Believe in a root from now on."),
    "status": (_HERE, "What it holds, who stands for it, and what expires when."),
    "serve": (f"{_HERE}_serve", "Run the registry alone: its HTTP, the checks, the renewal."),
    "people": (f"{_HERE}_people", "Reviewers, admins and reporters."),
    "namespaces": (_HERE, "Names that publishers claimed without a domain."),
    "root": (f"{_HERE}_root", "Change the root: draft the next one, sign it, apply it."),
    "rotate": (f"{_HERE}_root", "Make a new key for one of the registry's own roles."),
    "witness": (f"{_HERE}_witness", "Watch a registry's log for others: sign that it only grew."),
    "export": (f"{_HERE}_mirror", "Write chosen plugins with all that speaks for them to a file."),
    "import": (f"{_HERE}_mirror", "Verify such a file and serve what is in it, without a network."),
    "blobs": (f"{_HERE}_blobs", "The store of artifacts: a folder, or a bucket."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def registry() -> None:
    """Keep a registry: its root of trust, its people and names, mirrors of it.

    Begin with `hp registry init`. Exit codes: 0 done, 1 it failed, 2 refused or wrong usage.
    """
