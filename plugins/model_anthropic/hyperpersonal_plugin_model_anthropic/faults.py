"""What the vendor's client raises, as the host's kinds of errors."""

import anthropic
import httpx2
from hyperpersonal_sdk.native.models import error, refused

RAISED = (anthropic.AnthropicError, httpx2.HTTPError, ValueError)
IN_A_STREAM = {
    "overloaded_error": "overloaded",
    "rate_limit_error": "rate_limited",
    "authentication_error": "unauthorized",
    "permission_error": "unauthorized",
    "invalid_request_error": "rejected",
}


def fault(raised):
    """The error as a value; nothing of the request is in it."""
    if isinstance(raised, anthropic.APITimeoutError | httpx2.TimeoutException):
        return error("timed_out", "no answer in time")
    if isinstance(raised, anthropic.APIConnectionError):
        return error("unavailable", f"no connection: {raised.__cause__ or raised}")
    if isinstance(raised, anthropic.APIStatusError):
        return _status(raised)
    if isinstance(raised, httpx2.HTTPError):
        return error("cut", f"the stream was cut: {raised}")
    return error("malformed", f"this is no answer: {type(raised).__name__}")


def _status(raised):
    status = raised.response.status_code
    if status >= 400:
        return refused(status, raised.response.headers, raised.message)
    kind = _kind(raised.body)  # the stream was open already
    return error(IN_A_STREAM.get(kind, "unavailable"), f"in the stream: {kind}")


def _kind(body):
    inner = body.get("error") if isinstance(body, dict) else None
    return str(inner.get("type", "")) if isinstance(inner, dict) else ""
