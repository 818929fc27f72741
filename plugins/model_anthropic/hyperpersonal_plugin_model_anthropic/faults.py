"""What the vendor's client raises, as the host's kinds of errors."""

import anthropic
import httpx2
from hyperpersonal_sdk import HostCallFailedError
from hyperpersonal_sdk.native.models import error, not_sent, refused

RAISED = (anthropic.AnthropicError, httpx2.HTTPError, HostCallFailedError, ValueError)
IN_A_STREAM = {
    "overloaded_error": "overloaded",
    "rate_limit_error": "rate_limited",
    "authentication_error": "unauthorized",
    "permission_error": "unauthorized",
    "invalid_request_error": "rejected",
}


def fault(raised):
    """The error as a value; nothing of the request is in it."""
    failed = not_sent(raised)
    if failed:
        return failed
    if isinstance(raised, anthropic.APIStatusError):
        return _status(raised)
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
