"""What checks say of a submission, and the hash a reviewer's signature binds."""

import hashlib
from collections.abc import Iterable

import msgspec
from hyperpersonal_sdk.verdicts import Verdict

__all__ = ["Verdict", "report_hash"]


def report_hash(report: Iterable[Verdict]) -> str:
    """`sha256:<hex>` over the canonical JSON of the verdicts, sorted: the same report in any
    order has the same hash."""
    told = sorted(msgspec.json.encode(verdict, order="sorted") for verdict in report)
    return f"sha256:{hashlib.sha256(b'[' + b','.join(told) + b']').hexdigest()}"
