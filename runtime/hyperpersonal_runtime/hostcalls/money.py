"""A money grant is a ceiling for the whole turn: what earlier calls moved is taken off it.

Rules:
1. What was moved is read from the journal, so a resumed turn counts what it did before it stopped.
2. Every agent of the turn counts: a turn is one matter of one shopper.
3. A call counts as much as its connector told it moved. One that told nothing, or whose end is not
   known, counts as all that was granted: nobody may move money on a guess.
4. Currencies are apart: what was moved in one takes nothing off a grant of another.
"""

from collections.abc import Callable, Iterable

import msgspec
from hyperpersonal_sdk.capabilities import Money
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind
from hyperpersonal_sdk.contract.tools import Amount
from msgspec import Struct

from hyperpersonal_runtime.journal import Entry

TOOL_CALL = "tool.call"
# After these nothing was done. Other failures do not say.
_UNDONE = {FailureKind.DENIED, FailureKind.NOT_FOUND, FailureKind.INVALID}


class _Asked(Struct):
    tool: str = ""


class _Result(Struct):
    failure: Failure | None = None
    moved: Amount | None = None


class _Answer(Struct):
    value: _Result | None = None
    failure: Failure | None = None


def left(
    granted: dict[str, int] | None, earlier: Callable[[], Iterable[Entry]]
) -> dict[str, int] | Failure | None:
    """What a call may still move, in minor units by currency.

    Args:
        granted: ceilings of the turn; None for a tool that moves no money.
        earlier: the turn's entries before this call, asked only when there is money to move.

    Returns:
        The rest of each currency that has one (None where `granted` is), or a refusal that names
        the ceilings when nothing is left of any.
    """
    if granted is None:
        return None
    used = moved(earlier())
    rest = {} if used is None else {c: most - used.get(c, 0) for c, most in granted.items()}
    rest = {currency: minor for currency, minor in rest.items() if minor > 0}
    return rest or _used_up(granted, used)


def moved(entries: Iterable[Entry]) -> dict[str, int] | None:
    """Minor units by currency that these calls have moved; None when one of them is not known."""
    total: dict[str, int] = {}
    for entry in entries:
        amount = _moved_by(entry)
        if amount is None:
            return None
        total[amount.currency] = total.get(amount.currency, 0) + max(0, amount.minor)
    return total


def _moved_by(entry: Entry) -> Amount | None:
    """None: it may have moved anything."""
    if entry.name != TOOL_CALL or not entry.write or _nested(entry.path):
        return Amount(0)
    result, failure = _end_of(entry)
    if failure is not None and failure.kind in _UNDONE:
        return Amount(0)
    if result is not None and result.moved is not None:
        return result.moved
    return None if _moves_money(entry) else Amount(0)


def _end_of(entry: Entry) -> tuple[_Result | None, Failure | None]:
    try:
        answer = msgspec.json.decode(entry.answer or "{}", type=_Answer)
    except msgspec.MsgspecError:
        return None, None
    told = answer.value.failure if answer.value else None
    return answer.value, answer.failure or told


def _moves_money(entry: Entry) -> bool:
    spec = COMMERCE_TOOLS.get(msgspec.json.decode(entry.request, type=_Asked).tool)
    return spec is not None and spec.money


def _nested(path: str) -> bool:
    """Whether a connector made the call, on behalf of an agent's call that counts itself."""
    return path.rpartition(".")[0].rpartition(".")[2].isdigit()


def _used_up(granted: dict[str, int], used: dict[str, int] | None) -> Failure:
    ceilings = " and ".join(Money("refund", most, c).text for c, most in granted.items())
    told = "what an earlier call moved is not known"
    if used is not None:
        amounts = (Money("refund", minor, c).amount_text for c, minor in used.items() if minor)
        told = f"this turn has moved {' and '.join(amounts)}"
    return Failure(FailureKind.DENIED, f"nothing is left of {ceilings}: {told}")
