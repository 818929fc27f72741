"""Replayed turns as lines for people, and as JSON for machines."""

from collections.abc import Iterator, Sequence
from typing import Any

from hyperpersonal_core.kit.ids import show
from hyperpersonal_runtime.api import Difference, Replayed
from rich.console import Console
from rich.text import Text

from hyperpersonal_web.replaying.work import ReplayedTurn

SIDE_CHARS_MAX = 400


def tell(console: Console, turns: Sequence[ReplayedTurn]) -> None:
    """What differs, turn by turn; then how many."""
    for turn in turns:
        for line in _turn(turn):
            console.print(line, soft_wrap=True)
    console.print(summary(turns))


def summary(turns: Sequence[ReplayedTurn]) -> str:
    """One line about all of them."""
    counts = count(turns)
    unread = counts["not_replayed"]
    return (
        f"{counts['turns']} turns, {counts['calls']} calls: {counts['same']} the same, "
        f"{counts['different']} different" + (f", {unread} not replayed" if unread else "")
    )


def count(turns: Sequence[ReplayedTurn]) -> dict[str, int]:
    """Turns and hook calls by what became of them."""
    calls = [call for turn in turns for call in turn.calls]
    run = [call for call in calls if call.after is not None]
    different = sum(bool(call.differences) for call in run)
    return {
        "turns": len(turns),
        "calls": len(calls),
        "host_calls": sum(len(call.before.asked) for call in run),
        "same": len(run) - different,
        "different": different,
        "not_replayed": len(calls) - len(run) + sum(bool(turn.unread) for turn in turns),
    }


def report(turns: Sequence[ReplayedTurn]) -> dict[str, Any]:
    """The same for machines."""
    return {**count(turns), "details": [_detail(turn) for turn in turns]}


def _detail(turn: ReplayedTurn) -> dict[str, Any]:
    calls = [_call_detail(call) for call in turn.calls]
    return {"turn": show("turn", turn.id), "calls": calls, "not_replayed": turn.unread}


def _call_detail(call: Replayed) -> dict[str, Any]:
    before, after = call.before, call.after
    return {
        "path": before.path,
        "hook": before.hook,
        "plugin": before.plugin,
        "on": after.plugin if after else None,
        "not_replayed": call.skipped,
        "outcome": [before.outcome, after.outcome if after else None],
        "host_calls": [len(before.asked), len(after.asked) if after else None],
        "tokens": [before.tokens, after.tokens if after else None],
        "guest_cpu_ms": [before.guest_cpu_ms, after.guest_cpu_ms if after else None],
        "differences": [
            {"kind": one.kind, "grave": one.grave, "path": one.path, "words": one.words,
             "before": one.before, "after": one.after}
            for one in call.differences
        ],
    }  # fmt: skip


def _turn(turn: ReplayedTurn) -> Iterator[Text]:
    told = list(_calls(turn))
    if turn.unread:
        told.append(Text(f"  not replayed: {turn.unread}", "yellow"))
    if told:
        yield Text(show("turn", turn.id), "bold")
        yield from told


def _calls(turn: ReplayedTurn) -> Iterator[Text]:
    for call in turn.calls:
        if call.skipped:
            yield Text(f"  {_name(call)}: not replayed: {call.skipped}", "yellow")
        elif call.differences:
            yield Text(f"  {_name(call)}")
            for one in call.differences:
                yield from _difference(one)


def _name(call: Replayed) -> str:
    place = f" for call {call.before.path}" if call.before.path else ""
    on = "" if call.after is None else call.after.plugin.rpartition("@")[2]
    arrow = f" -> {on}" if on and not call.before.plugin.endswith(f"@{on}") else ""
    return f"{call.before.plugin}{arrow}, {call.before.hook}{place}"


def _difference(one: Difference) -> Iterator[Text]:
    where = f" at call {one.path}" if one.path else ""
    yield Text(f"    {one.kind}{where}: {one.words}", "bold red" if one.grave else "red")
    if one.before or one.after:
        yield Text(f"      before  {_side(one.before)}", "dim")
        yield Text(f"      after   {_side(one.after)}", "dim")


def _side(text: str) -> str:
    flat = " ".join(text.split()) or "nothing"
    return flat if len(flat) <= SIDE_CHARS_MAX else flat[:SIDE_CHARS_MAX] + "…"
