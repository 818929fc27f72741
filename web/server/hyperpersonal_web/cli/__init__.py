"""The `hp` command. Each command lives in a module of its own and is imported only when used."""

import sys

import click

from hyperpersonal_web.cli.lazy import LazyGroup
from hyperpersonal_web.paths import data_folder

COMMANDS = {
    "demo": (
        "hyperpersonal_web.cli.demo",
        "A whole shop with agents on this machine, with a page to chat on.",
    ),
    "serve": (
        "hyperpersonal_web.cli.serve",
        "Run the product: all roles in one process, or one of them.",
    ),
    "test": ("hyperpersonal_web.cli.checks", "Run the test suite; further arguments go to pytest."),
    "lint": ("hyperpersonal_web.cli.checks", "Style, types, layers, sizes and words."),
    "eval": (
        "hyperpersonal_web.cli.evaluation",
        "How good the product is on a folder of labelled data.",
    ),
    "bench": (
        "hyperpersonal_web.cli.bench",
        "How fast it is: turns, models, ingest, sockets, guest, fairness, registry.",
    ),
    "journal": (
        "hyperpersonal_web.cli.records",
        "What a turn did: every host call of its plugins, with answer, time and cost.",
    ),
    "replay": (
        "hyperpersonal_web.cli.records",
        "Run recorded turns again with no effect, on the same release or on another.",
    ),
    "receipts": (
        "hyperpersonal_web.cli.receipts",
        "What a tenant is billed for, call by call: export it, verify it offline.",
    ),
    "keys": (
        "hyperpersonal_web.cli.keys",
        "Rotate the keys that seal tenants' data and sign receipts.",
    ),
    "usage": (
        "hyperpersonal_web.cli.usage",
        "What language models cost a tenant, and how fast they are.",
    ),
    "market": (
        "hyperpersonal_web.cli.market",
        "Find plugins, install them with consent, keep them up to date, take rights back.",
    ),
    "rollout": (
        "hyperpersonal_web.cli.rollout",
        "A new release by degrees: unseen, for a few, for all; undone when it is worse.",
    ),
    "bundle": (
        "hyperpersonal_web.cli.bundle",
        "Compose agents with order, rules, hours and a voice; check, apply, share.",
    ),
    "registry": (
        "hyperpersonal_web.cli.registry_commands",
        "Keep a registry: its root of trust, its people and names, mirrors of it.",
    ),
    "doctor": ("hyperpersonal_web.cli.doctor", "What this machine lacks, and how to get it."),
    "plugin": (
        "hyperpersonal_web.cli.plugin",
        "For authors: start, try, check, sign and publish a plugin.",
    ),
    "review": (
        "hyperpersonal_web.cli.review",
        "For reviewers: what waits, what it may do; sign, reject, quarantine, revoke.",
    ),
    "chat": ("hyperpersonal_web.cli.chat", "Say something to the running demo's shop."),
}
ATTRIBUTES = {"eval": "evaluate"}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    attributes=ATTRIBUTES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `./hp demo`. Settings are variables named HP_*: see `hp serve --help`.",
)
@click.version_option(package_name="hyperpersonal-web", prog_name="hp")
@click.pass_context
def cli(context: click.Context) -> None:
    """HyperPersonal: an online shop's support that runs itself."""
    context.obj = data_folder()  # where the SDK's commands find the demo


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 it failed, 2 wrong usage, 130 interrupted."""
    try:
        code = cli(prog_name="hp", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
