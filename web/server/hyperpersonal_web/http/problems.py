"""Every error of the gateway as an RFC 9457 problem."""

from typing import Any

import msgspec
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.problem import MEDIA_TYPE, Problem, problem_of
from litestar import Request, Response
from litestar.exceptions import HTTPException

_log = "gateway"
# PostgreSQL keeps no U+0000 in texts. Source: PostgreSQL, appendix A, error codes of class 22.
NO_TEXT = frozenset({"22021", "22P05"})


class RequestRefusedError(RefusedError):
    """The web framework refused the request before a handler saw it."""

    code = "bad_request"

    def __init__(self, error: HTTPException) -> None:
        facts = {"errors": error.extra} if error.extra else {}
        super().__init__(_first(error.extra) or error.detail, **facts)
        self.status = error.status_code


def _first(extra: Any) -> str:
    """The first fault that the framework found, with its field: what a person can mend."""
    first = extra[0] if isinstance(extra, list) and extra else None
    if not isinstance(first, dict) or "message" not in first:
        return ""
    return ": ".join(str(first[name]) for name in ("key", "message") if first.get(name))


def as_problem(error: Exception) -> Problem:
    """The problem of any error; one that waited too long is the outside's."""
    if isinstance(error, HTTPException) and error.status_code < 500:
        return problem_of(RequestRefusedError(error))
    if isinstance(error, RecursionError) and "deserializing" in str(error):
        return problem_of(RefusedError("the body is nested too deep"))
    if getattr(error, "sqlstate", "") in NO_TEXT:
        return problem_of(RefusedError("a text here cannot hold the character U+0000"))
    if isinstance(error, TimeoutError):
        return problem_of(OutsideError("took too long"))
    return problem_of(error)


def as_fields(error: Exception) -> dict[str, Any]:
    """The same as fields of a WebSocket frame."""
    fields: dict[str, Any] = msgspec.to_builtins(as_problem(error))
    fields["about"] = fields.pop("type")  # a frame's own `type` says that it is a problem
    return fields


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The response; only our own faults are logged, with their trace, never with a body."""
    problem = as_problem(error)
    if problem.status == 500:
        log.get(_log).error("request.failed", path=request.url.path, exc_info=error)
    again = problem.retry_after_s
    headers = {"retry-after": str(again)} if isinstance(again, int) else {}
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)
