"""What the vendor's client raises, as the host's kinds of errors."""

import httpx2
import openai
from hyperpersonal_sdk import HostCallFailedError
from hyperpersonal_sdk.native.models import error, not_sent, refused

RAISED = (openai.OpenAIError, httpx2.HTTPError, HostCallFailedError, ValueError)


def fault(raised):
    """The error as a value; nothing of the request is in it."""
    failed = not_sent(raised)
    if failed:
        return failed
    if isinstance(raised, openai.APIStatusError):
        return refused(raised.response.status_code, raised.response.headers, raised.message)
    if isinstance(raised, openai.APIError) and not isinstance(
        raised, openai.APIResponseValidationError
    ):
        return error("overloaded", f"in the stream: {raised.message}")
    return error("malformed", f"this is no answer: {type(raised).__name__}")
