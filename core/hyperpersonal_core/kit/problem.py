"""What an error looks like over HTTP. The only place that makes such a body.

A refused input says why and what to do; a failing outside world says whether to try again; our
own bugs say nothing but a reference. Source: RFC 9457, section 3.1 (members of a problem).
"""

from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from hyperpersonal_core.kit.errors import OutsideError, RefusedError, TooManyError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1

TITLES = {
    400: "The request was refused",
    401: "Who calls is not known",
    403: "The caller may not do this",
    404: "There is no such thing",
    405: "This address does not take that method",
    409: "The state does not allow this",
    413: "Too large",
    415: "This media type is not taken",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "Not available right now",
}


class Problem(Struct, frozen=True, omit_defaults=True):
    """An RFC 9457 body. `code` is stable for machines, `detail` is safe to show to people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    facts: dict[str, Any] | UnsetType = UNSET
    retry_after_s: int | UnsetType = UNSET
    trace_id: str | UnsetType = UNSET


def problem_of(error: Exception, trace_id: str = "") -> Problem:
    """The body of any error; unknown ones tell nothing about us.

    Args:
        error: what was raised.
        trace_id: lets support find the trace; empty to leave out.
    """
    trace = trace_id or UNSET
    if isinstance(error, TooManyError):
        told = _problem(error.status, error.code, error.message, UNSET, trace)
        return replace(told, retry_after_s=error.retry_after_s)
    if isinstance(error, RefusedError):
        return _problem(error.status, error.code, error.message, error.detail or UNSET, trace)
    if isinstance(error, OutsideError):
        return Problem(
            "about:blank",
            TITLES[503],
            503,
            "a service we need did not answer; nothing was lost, please try again",
            "unavailable",
            retry_after_s=RETRY_AFTER_S if error.retryable else UNSET,
            trace_id=trace,
        )
    return _problem(500, "internal", "this is our fault, and it was recorded", UNSET, trace)


def _problem(
    status: int,
    code: str,
    detail: str,
    facts: dict[str, Any] | UnsetType,
    trace: str | UnsetType,
) -> Problem:
    title = TITLES.get(status, TITLES[400])
    return Problem("about:blank", title, status, detail, code, facts, trace_id=trace)
