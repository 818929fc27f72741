"""What a stub says: a script maps a request to words, wishes for tools, or a fault."""

from collections.abc import Callable
from typing import Literal

from hyperpersonal_sdk.contract.models import GenerateAsk, ToolUse
from msgspec import Struct, structs

CHARS_PER_TOKEN = 4
PIECE_MS = 10.0  # 100 tokens a second, where an answer is streamed
ON_ITS_WAY = (
    "Your order is on its way to you. The carrier has it and brings it to your door. You need to "
    "do nothing more for it. Should it not reach you, write to us here, and we will look after it "
    "with the carrier. Thank you for shopping with us, and enjoy your new tent."
)
FaultKind = Literal["status", "cut", "error_event", "malformed", "silent"]


class Said(Struct, frozen=True):
    """An answer. `pieces`: the text as it streams; `delay_ms` before the first of it, `piece_ms`
    between two. `stop` other than the natural one: 'length' or 'refused'."""

    pieces: list[str] = []
    uses: list[ToolUse] = []
    stop: str = ""
    delay_ms: float = 0.0
    piece_ms: float = 0.0

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)

    @property
    def tokens_out(self) -> int:
        """About how many tokens it is."""
        spelt = len(self.text) + sum(len(use.name) + len(str(use.arguments)) for use in self.uses)
        return max(1, spelt // CHARS_PER_TOKEN)


class Fault(Struct, frozen=True):
    """What goes wrong. `status`: that HTTP status with `headers`; `cut`: the connection ends after
    `pieces` of `said`; `error_event`: an error in the middle of the stream; `malformed`: no JSON;
    `silent`: nothing at all until the client gives up."""

    kind: FaultKind
    status: int = 500
    headers: dict[str, str] = {}
    said: Said = Said(["Hello ", "there, this ", "never ends"])
    pieces: int = 2


Script = Callable[[GenerateAsk], Said | Fault]


def words(text: str) -> list[str]:
    """A text in pieces of a word each."""
    parts = text.split(" ")
    return [part + " " for part in parts[:-1]] + parts[-1:]


def tokens_in(ask: GenerateAsk) -> int:
    """About how many tokens a request is."""
    return max(1, sum(len(m.text) for m in ask.messages) + len(ask.instructions)) // CHARS_PER_TOKEN


def parrot(ask: GenerateAsk) -> Said:
    """The default script: says that it is no model, and repeats the last words it was told."""
    last = next((m.text for m in reversed(ask.messages) if m.role == "user"), "")
    return Said(words(f"This is the stub of a model, not a model. I was told: {last[:500]}"))


def order_desk(delay_ms: float, tool: str = "get_order") -> Script:
    """One look-up, then an answer: the turn that peers are measured with."""

    def script(ask: GenerateAsk) -> Said:
        last = ask.messages[-1]
        if last.role == "tool":
            return Said(words(ON_ITS_WAY), delay_ms=delay_ms, piece_ms=PIECE_MS)
        use = ToolUse(f"use_{len(ask.messages)}", tool, {"order_id": "#W1000001"})
        return Said([], [use], delay_ms=delay_ms)

    return script


def slow(script: Script, delay_ms: float) -> Script:
    """The same script, each answer after a while."""

    def later(ask: GenerateAsk) -> Said | Fault:
        said = script(ask)
        return structs.replace(said, delay_ms=delay_ms) if isinstance(said, Said) else said

    return later
