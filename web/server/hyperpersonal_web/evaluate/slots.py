"""Slots: the entities found in a message against those annotated."""

from collections.abc import Hashable, Sequence
from typing import Any

from hyperpersonal_sdk.procedure.slots import extract, normal

from hyperpersonal_web.evaluate import metrics
from hyperpersonal_web.evaluate.folder import Sample


def slots_report(rows: Sequence[Sample]) -> dict[str, Any]:
    """`slots`: micro rates of (type, value) pairs, and the share of messages all right.

    Values are compared in lower case, without a leading #, amounts as digits.
    """
    pairs = [(_wanted(row), _found(row)) for row in rows]
    result = metrics.of_sets(pairs)
    return {
        "precision": result.precision,
        "recall": result.recall,
        "f1": result.f1,
        "all_right": metrics.ratio(sum(wanted == found for wanted, found in pairs), len(pairs)),
    }


def _wanted(row: Sample) -> set[Hashable]:
    return {(slot.type, normal(slot.type, slot.value)) for slot in row.slots}


def _found(row: Sample) -> set[Hashable]:
    return {(kind, normal(kind, value)) for kind, value, _, _ in extract(row.text)}
