"""How a run ended: the guest's own ending, read as an outcome."""

import msgspec
from hyperpersonal_sdk.contract.hooks import ReviewVerdict
from hyperpersonal_sdk.contract.messages import DeliveryStatus, InboundMessage
from hyperpersonal_sdk.contract.models import GenerateAnswer
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.tools import ToolResult
from hyperpersonal_sdk.contract.turns import TurnReply
from msgspec import Struct

from hyperpersonal_runtime.frames import Done
from hyperpersonal_runtime.nesting import NESTING_MAX, too_deep


class End(Struct, frozen=True):
    """How one run ended."""

    outcome: Outcome
    detail: str = ""
    value: str = ""


ANSWERS: dict[str, msgspec.json.Decoder[object]] = {
    "": msgspec.json.Decoder(object),
    "reply": msgspec.json.Decoder(TurnReply),
    "call_tool": msgspec.json.Decoder(ToolResult),
    "parse_inbound": msgspec.json.Decoder(InboundMessage | None),
    "deliver": msgspec.json.Decoder(DeliveryStatus),
    "generate": msgspec.json.Decoder(GenerateAnswer),
    "review_reply": msgspec.json.Decoder(ReviewVerdict),
}
_REFUSED = {"denied", "not-found", "invalid", "unavailable"}


def end_of(hook: str, done: Done) -> End:
    """The outcome a guest's own ending stands for."""
    if done.case == "":
        return _checked(hook, done.text)
    if done.case == "timeout":
        return End(Outcome.TIMED_OUT, done.text)
    if done.case == "limit":
        return End(Outcome.OVER_LIMIT, done.text)
    if done.case in _REFUSED:
        return End(Outcome.REFUSED, f"{done.case}: {done.text}")
    return End(Outcome.TRAPPED, done.text or done.case)


def _checked(hook: str, text: str) -> End:
    """Only an answer of the hook's own shape leaves the runtime."""
    if too_deep(text):
        return End(Outcome.OVER_LIMIT, f"{hook} answered JSON nested over {NESTING_MAX} levels")
    try:
        ANSWERS.get(hook, ANSWERS[""]).decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        return End(Outcome.TRAPPED, f"{hook} answered something else than it should: {error}")
    return End(Outcome.OK, value=text)
