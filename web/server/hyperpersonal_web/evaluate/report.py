"""A report in lines for people: a figure a line, with what it should reach."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

# Key, words, what it should reach: on unseen text (docs/PROMISES.md).
FIGURES = (
    ("routing.people.n", "people's messages", ""),
    ("routing.people.strict", "  right agent", ">= .81"),
    ("routing.people.lenient", "  an acceptable agent", ""),
    ("routing.all.n", "all messages", ""),
    ("routing.all.strict", "  right agent", ""),
    ("routing.all.lenient", "  an acceptable agent", ""),
    ("routing.all.macro_f1", "  macro-F1 over five agents", ""),
    ("out_of_scope.precision", "out of scope: precision", ""),
    ("out_of_scope.recall", "  recall", ""),
    ("out_of_scope.f1", "  F1", ">= .91"),
    ("out_of_scope.people_declined", "  people wrongly declined", "< .05"),
    ("slots.precision", "slots: precision", ""),
    ("slots.recall", "  recall", ""),
    ("slots.f1", "  F1", ""),
    ("slots.all_right", "  messages with every slot right", ""),
    ("retrieval.r1", "retrieval: right article first", ""),
    ("retrieval.r3", "  among the first three", "> .78"),
    ("retrieval.mrr", "  mean reciprocal rank", ""),
    ("escalation.precision", "asks for a person: precision", ""),
    ("escalation.recall", "  recall", ""),
    ("escalation.f1", "  F1", "> .94"),
    ("tasks.n", "tasks through the platform", ""),
    ("tasks.success", "  success", "> .84"),
    ("tasks.wrong_write_rate", "  wrong writes", "< .02"),
    ("tasks.handoff_rate", "  handed to a person", ""),
    ("tasks.resolved", "  success without a person", ""),
    ("tasks.turns_mean", "  turns", ""),
    ("tasks.impossible", "  whose shop refuses what is expected", ""),
    ("conversations.n", "conversations", ""),
    ("conversations.agent_strict", "  right agent for the opening", ""),
    ("conversations.article_r1", "  right article first", ""),
    ("conversations.article_r3", "  among the first three", ""),
    ("timing.turn_ms_p50", "turn, ms, median", ""),
    ("timing.turn_ms_p95", "  95th percentile", ""),
    ("timing.cpu_ms_per_turn", "  CPU, all processes but the shop", ""),
    ("timing.messages_per_s_routed", "messages routed a second of one core", ">= 500"),
)


def show(console: Console, report: dict[str, Any]) -> None:
    """Print it: a table on a terminal, plain lines when piped."""
    if console.is_terminal:
        table = Table("what", "figure", "aim", title=_title(report))
        for row in _rows(report):
            table.add_row(*row)
        console.print(table)
    else:
        console.print(_title(report))
        for words, figure, aim in _rows(report):
            console.print(f"{words:38} {figure:>9}  {aim}".rstrip(), soft_wrap=True)
    for name in report["skipped"]:
        console.print(f"skipped what needs {name}: the folder lacks it")


def _title(report: dict[str, Any]) -> str:
    history = report["history"]
    return f"learnt from {history['learnt_from']} ({history['rows']:,} rows)"


def _rows(report: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key, words, aim in FIGURES:
        found = _at(report, key)
        if found is not None:
            yield words, _figure(key, found), aim
    for source, figures in report.get("tasks", {}).get("by_source", {}).items():
        yield f"tasks of {source}", f"{figures['success']:.3f}", f"n = {figures['n']}"
    for name, figures in report.get("routing", {}).get("by_set", {}).items():
        yield f"right agent, {name}", f"{figures['strict']:.3f}", f"n = {figures['n']}"


def _figure(key: str, found: float) -> str:
    if isinstance(found, int):
        return f"{found:,}"
    return f"{found:,.1f}" if key.startswith("timing") else f"{found:.3f}"


def _at(report: dict[str, Any], key: str) -> float | None:
    part: Any = report
    for name in key.split("."):
        part = part.get(name) if isinstance(part, dict) else None
    found: float | None = part
    return found
