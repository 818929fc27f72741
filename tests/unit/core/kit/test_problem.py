import msgspec
import pytest
from hyperpersonal_core.kit.errors import (
    CallerBugError,
    ForbiddenError,
    NotFoundError,
    OutsideError,
    RefusedError,
    TooLargeError,
)
from hyperpersonal_core.kit.problem import Problem, problem_of


def body(error: Exception) -> dict[str, object]:
    return msgspec.json.decode(msgspec.json.encode(problem_of(error)), type=dict[str, object])


def test_that_a_refusal_says_why_and_what_to_do() -> None:
    assert body(NotFoundError("there is no such contact", contact_id="7")) == {
        "type": "about:blank",
        "title": "There is no such thing",
        "status": 404,
        "detail": "there is no such contact",
        "code": "not_found",
        "facts": {"contact_id": "7"},
    }


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RefusedError("x"), 400, "refused"),
        (ForbiddenError("x"), 403, "forbidden"),
        (TooLargeError("x"), 413, "too_large"),
        (OutsideError("postgres at 10.0.0.1 refused"), 503, "unavailable"),
        (CallerBugError("secret"), 500, "internal"),
        (ZeroDivisionError("secret"), 500, "internal"),
    ],
)
def test_that_each_family_has_its_status(error: Exception, status: int, code: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (status, code)


def test_that_our_bugs_and_our_servers_are_not_told() -> None:
    assert "secret" not in str(body(ZeroDivisionError("secret")))
    assert "10.0.0.1" not in str(body(OutsideError("postgres at 10.0.0.1 refused")))


def test_that_only_a_retryable_failure_invites_a_retry() -> None:
    assert body(OutsideError("x"))["retry_after_s"] == 1
    assert "retry_after_s" not in body(OutsideError("x", retryable=False))


def test_that_a_trace_can_be_named() -> None:
    problem = problem_of(RefusedError("x"), trace_id="abc")
    assert isinstance(problem, Problem)
    assert problem.trace_id == "abc"
