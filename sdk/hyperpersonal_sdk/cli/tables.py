"""Verdicts as lines a person can act on."""

from collections.abc import Iterable, Iterator
from typing import Any

import click
import msgspec

from hyperpersonal_sdk.verdicts import Verdict, advice

COLOURS = {"PASS": "green", "FAIL": "red", "ERROR": "red", "SKIPPED": "yellow"}


def verdict_lines(report: Iterable[Verdict | dict[str, Any]]) -> Iterator[str]:
    """`PASS  name`; what did not pass with its reason and the places, a line each. click drops
    the colours where no terminal reads."""
    for one in report:
        said = one if isinstance(one, Verdict) else msgspec.convert(one, Verdict, strict=False)
        word = click.style(f"{said.verdict:7}", fg=COLOURS[said.verdict])
        yield f"{word} {said.check}" + (f": {advice(said)}" if said.reason else "")
        yield from (f"          {place}" for place in said.detail)
