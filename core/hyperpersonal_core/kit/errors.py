"""Three families of errors, never mixed: a caller's bug, a refused input, a failing world."""

from typing import Any


class CallerBugError(Exception):
    """Our own code called something wrongly. Never shown, never caught."""


class RefusedError(Exception):
    """An input or state we refuse, with what to do about it.

    Args:
        message: safe to show, says what to do.
        detail: JSON-able facts for a machine.
    """

    code = "refused"
    status = 400

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class NotFoundError(RefusedError):
    """There is no such thing in this tenant."""

    code = "not_found"
    status = 404


class ForbiddenError(RefusedError):
    """The caller may not do this."""

    code = "forbidden"
    status = 403


class UnauthenticatedError(RefusedError):
    """Nobody we know is calling."""

    code = "unauthenticated"
    status = 401


class ConflictError(RefusedError):
    """The state changed meanwhile, or does not allow this."""

    code = "conflict"
    status = 409


class TooLargeError(RefusedError):
    """Over a size limit."""

    code = "too_large"
    status = 413


class TooManyError(RefusedError):
    """More than one caller may do in that time. `retry_after_s`: when the same may go through."""

    code = "too_many"
    status = 429

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BusyError(TooManyError):
    """More of this tenant waits than may wait: nothing was taken; the same goes through later."""

    code = "busy"
    status = 503


class OutsideError(Exception):
    """Something outside failed. `retryable` says whether the same call may go through later."""

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable
