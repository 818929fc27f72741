"""`hp plugin …`, by itself `hyperpersonal-plugin …`: what an author does, from an empty folder to a
published release. Each command lives in a module of its own and is imported only when used.
"""

import importlib
import sys

import click

from hyperpersonal_sdk.cli.making import TEMPLATE, TEMPLATES

__all__ = ["TEMPLATE", "TEMPLATES", "main", "plugin"]

COMMANDS = {
    "init": ("making", "Start a plugin from a template that works."),
    "build": ("making", "Make the component of a plugin written in TypeScript or C."),
    "dev": ("developing", "Serve the folder in the running demo, and again at each save."),
    "test": ("trying", "Run its tests, in its real sandbox."),
    "record": ("recording", "Keep a turn of the demo as a fixture for its tests."),
    "replay": ("recording", "Run the demo's recorded turns on the folder: what would change."),
    "check": ("trying", "Check it by the registry's own rules."),
    "pack": ("packing", "Make the archive: the same bytes on any machine."),
    "keys": ("keys", "The key a publisher signs with: new, show, rotate."),
    "sign": ("packing", "Sign an archive."),
    "verify": ("packing", "Verify an archive and its signature, offline."),
    "login": ("account", "Prove to the registry whose key this is."),
    "claim": ("account", "Claim a namespace for your key, or prove that it is yours."),
    "namespaces": ("account", "Under which name you publish, its keys, what was handed in."),
    "publish": ("publishing", "Check, pack, sign and hand in a release."),
    "status": ("publishing", "What became of a submission, and what is due next."),
    "appeal": ("publishing", "Ask a person to look at a failed check."),
    "yank": ("publishing", "Withdraw a release of your own."),
}


class _Lazy(click.Group):
    """Knows every command's name and one line about it; imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"hyperpersonal_sdk.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `hp plugin init yourname/order_help`; the next step is told at each end.",
)
def plugin() -> None:
    """Write, try, check, sign and publish a plugin."""


def main() -> None:
    """The console script `hyperpersonal-plugin`. Exit codes: 0 done, 1 it failed, 2 wrong usage."""
    sys.exit(plugin(prog_name="hyperpersonal-plugin"))
