"""A verdict as people read it on a terminal."""

import textwrap
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from hyperpersonal_web.demo.check import Verdict

WIDTH_MAX = 100
HEAD = 11


def show(console: Console, verdict: Verdict) -> None:
    """The talk, then for each turn who answered and why, then what did not hold."""
    good = not verdict.failed
    title = Text("\n✓ " if good else "\n✗ ", style="green" if good else "red")
    console.print(title.append(verdict.scene.title, style="bold default"))
    for source, text in verdict.said:
        _line(console, source, text, "cyan" if source == "shopper" else "default")
    for head, text in _facts(verdict):
        _line(console, head, text, "dim")
    for words in verdict.failed:
        _line(console, "expected", words, "red")


def _facts(verdict: Verdict) -> Iterator[tuple[str, str]]:
    for turn in verdict.ended.turns:
        yield "by", _turn(turn)
        for item in turn["evidence"]:
            yield "evidence", f"{item['kind']} {item['ref']}"
        for action in turn["actions"]:
            done = "done" if action["ok"] else "not done"
            yield "action", f"{action['tool']} ({done}): {action['summary']}"
    for act in verdict.ended.acts:
        yield "shop log", act["tool"]


def _line(console: Console, head: str, text: str, style: str) -> None:
    """One paragraph with a hanging head, wrapped by ourselves: it looks the same in a log."""
    width = min(console.width, WIDTH_MAX) - HEAD
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, width) or [""]]
    for number, line in enumerate(lines or [""]):
        shown = head if number == 0 else ""
        told = Text(f"{shown:>{HEAD - 2}}  ", style="dim").append(line, style=style)
        console.print(told, no_wrap=True, overflow="ignore", crop=False)


def _turn(turn: dict[str, Any]) -> str:
    routing = turn["routing"] or {}
    who = turn["agent"] or "the engine"
    told = f"{who}: {turn['outcome']}, confidence {turn['confidence'] or 0:.2f}"
    return f"{told} · {routing.get('reason', '')}".rstrip(" ·")
