"""What the vendor's client raises, as the host's kinds of errors."""

import httpx2
import openai
from hyperpersonal_sdk.native.models import error, refused

RAISED = (openai.OpenAIError, httpx2.HTTPError, ValueError)


def fault(raised):
    """The error as a value; nothing of the request is in it."""
    if isinstance(raised, openai.APITimeoutError | httpx2.TimeoutException):
        return error("timed_out", "no answer in time")
    if isinstance(raised, openai.APIConnectionError):
        return error("unavailable", f"no connection: {raised.__cause__ or raised}")
    if isinstance(raised, openai.APIStatusError):
        return refused(raised.response.status_code, raised.response.headers, raised.message)
    if isinstance(raised, httpx2.HTTPError):
        return error("cut", f"the stream was cut: {raised}")
    if isinstance(raised, openai.APIError) and not isinstance(
        raised, openai.APIResponseValidationError
    ):
        return error("overloaded", f"in the stream: {raised.message}")
    return error("malformed", f"this is no answer: {type(raised).__name__}")
