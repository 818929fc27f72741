"""Honest plugins in a few words, and what it takes to prove that one does what it is said to do."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from fixtures.market.family import Trial
from hyperpersonal_runtime.api import CallScope, HookCall, SealedRelease, Stage, limits_of
from hyperpersonal_runtime.testing import World
from hyperpersonal_sdk import hpx
from msgspec import Struct, structs
from security.market.attack import CHANGES, MANIFEST, Attack, Files, update

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DEADLINE_MS = 20_000  # of what hangs
_SCOPE = CallScope("tenant", "installation", "third", "conversation", "contact")
_HEAD = """id = "{plugin_id}"
version = "1.0.0"
kind = "{kind}"
title = "{title}"
description = "{does}"
licence = "Apache-2.0"
entry = "{entry}"
hooks = [{hooks}]

[runtime]
kind = "{runtime}"

"""
_LISTING = """
[listing]
category = "{category}"
tagline = "{does}"
support = "mailto:care@{author}.example"
changelog = "CHANGELOG.md"
"""


class Base(Struct, frozen=True):
    """An honest plugin that works: its first release, and a use of it."""

    files: Files
    trial: Trial


class Harm(Struct, frozen=True):
    """Where an attack does its harm.

    Args:
        shows: a regular expression that finds the harm in the text of the run (what was asked of
            the host, what was answered, what was logged), or in the files where `trial` is None.
        trial: the call in which it happens.
        at: when.
        times: how often the call is made; the last one shows it.
    """

    shows: str
    trial: Trial | None = None
    at: datetime = NOON
    times: int = 1


class Third(Struct, frozen=True):
    """An attack of this set: its family, and its harm. `quiet`: an honest use, which the attacker
    records."""

    family: str
    attack: Attack
    harm: Harm
    quiet: Trial | None = None


class Honest(Struct, frozen=True):
    """Two releases of an honest plugin, and a use that works in both. `alarming`: why somebody
    might think otherwise; empty where nobody would."""

    name: str
    kind: str
    before: Files
    after: Files
    trial: Trial
    alarming: str = ""


def plugin(
    plugin_id: str, does: str, source: str, asks: Mapping[str, str] | None = None, *,
    parts: str = "", data: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None,
    **words: str,
) -> Files:  # fmt: skip
    """The files of a plugin whose entry module has this source; `words`: kind, hooks, runtime,
    category, entry."""
    author, _, name = plugin_id.partition("/")
    package = f"hyperpersonal_plugin_{name}"
    known = {"kind": "agent", "hooks": "reply", "runtime": "python", "category": "orders",
             "entry": package, "title": name.replace("_", " ").capitalize(), **words}  # fmt: skip
    known["hooks"] = ", ".join(f'"{hook}"' for hook in known["hooks"].split())
    text = _HEAD.format(plugin_id=plugin_id, does=does, **known)
    for ask, why in (asks or {}).items():
        text += f'[[capabilities]]\nask = "{ask}"\nwhy = "{why}"\n\n'
    text += parts + _LISTING.format(author=author, does=does, category=known["category"])
    for kind, why in (data or {}).items():
        text += f'\n[[listing.data]]\ndata = "{kind}"\nwhy = "{why}"\n'
    made = {f"{package}/__init__.py": source} if source else {}
    made |= {
        MANIFEST: text, "README.md": f"# {known['title']}\n\n{does}\n",
        CHANGES: "# Changes\n\n## 1.0.0\n\n- First release.\n",
        "LICENSE": "Apache License, Version 2.0. https://www.apache.org/licenses/LICENSE-2.0\n",
        **(files or {}),
    }  # fmt: skip
    return {path: one.encode() for path, one in made.items()}


def labels(label: str, *examples: str) -> str:
    """The manifest's tables of an agent."""
    listed = ", ".join(f'"{one}"' for one in examples)
    return (f'[agent]\nlabels = ["{label}"]\n\n[[agent.intents]]\nlabel = "{label}"\n'
            f'name = "{label}_asked"\nexamples = [{listed}]\n')  # fmt: skip


def bad(
    family: str, base: Base, name: str, after: str, *swaps: tuple[str, str], harm: Harm,
    **more: Any,
) -> Third:  # fmt: skip
    """An attack that is an update; `more` as in `attack.update`."""
    files = update(base.files, *swaps, **more)
    return Third(family, Attack(name, after, base.files, files), harm, base.trial)


def first(family: str, made: Base, name: str, after: str, harm: Harm) -> Third:
    """An attack that is a first release."""
    return Third(family, Attack(name, after, None, made.files), harm, made.trial)


def pair(
    base: Base, kind: str, name: str, said: str, *swaps: tuple[str, str], alarming: str = "",
    trial: Trial | None = None, before: Files | None = None, without: str = "", **more: Any,
) -> Honest:  # fmt: skip
    """An honest update; `said` is its changelog, `without`: a path that goes; `more` as in
    `attack.update`."""
    files = before or base.files
    after = update(files, *swaps, said=said, **more)
    after.pop(without, None)
    return Honest(name, kind, files, after, trial or base.trial, alarming)


def uses(kind: str, why: str, days: int = 0) -> tuple[str, str]:
    """A replacement in the manifest that declares one more use of data."""
    kept = f"kept_days = {days}\n" if days else ""
    return ('changelog = "CHANGELOG.md"\n', f'changelog = "CHANGELOG.md"\n\n[[listing.data]]\n'
            f'data = "{kind}"\nwhy = "{why}"\n{kept}')  # fmt: skip


async def told(stage: Stage, files: Files, trial: Trial, at: datetime = NOON) -> str:
    """How a release's call goes, granted all it asks: one line a host call, then how it ended, its
    answer, and what it logged."""
    said = hpx.unpack(hpx.pack(files)).manifest
    about = (said.id, said.version, hpx.digest_of(files), said.entry)
    release = SealedRelease(*about, dict(files), said.runtime.kind)
    limits = structs.replace(limits_of(said.runtime.kind), deadline_ms=DEADLINE_MS)
    payload = msgspec.json.encode(trial.payload)
    call = HookCall(release, trial.hook, payload, _SCOPE, said.asked.texts, limits)
    own = {name: dict(trial.world.get(name, {})) for name in ("facts", "kv")}  # it may write there
    trace = await stage.run(call, World(**{**trial.world, **own}), at)
    lines = [f"{one.name} {one.request} -> {one.answer}" for one in trace.asked]
    ended = f"{trace.outcome}: {trace.value} {trace.detail}"
    logs = [f"log {one}" for one in trace.logs]
    return "\n".join([*lines, ended, *logs, f"cpu {trace.guest_cpu_ms:.0f}"])


async def happens(stage: Stage, files: Files, harm: Harm) -> bool:
    """Whether the harm shows in this release."""
    if harm.trial is None:
        text = "\n".join(f"{path}\n{data.decode('latin-1')}" for path, data in files.items())
    else:
        for _ in range(harm.times):
            text = await told(stage, files, harm.trial, harm.at)
    return re.search(harm.shows, text, re.DOTALL) is not None
