"""A promoted release takes over only when it did the release's latest calls over, the same way.

CPython draws the seed of its string hashes when a guest is built, so a plugin that leans on the
order of a set could answer otherwise in its own component. Its calls are run again there, with the
recorded answers and no effect; one other question or one other byte, and it stays where it was.
"""

from collections import OrderedDict, deque

from msgspec import Struct

from hyperpersonal_runtime.calls import CallResult, HookCall, Limits
from hyperpersonal_runtime.frames import Answer, Ask, Done, Start
from hyperpersonal_runtime.hook_run import guest_limits
from hyperpersonal_runtime.journal import guest_answer
from hyperpersonal_runtime.lane import Lane

RELEASES_MAX, PROOFS_MAX = 200, 4
BYTES_MAX = 32 * 1024
_WRONG = Answer("failed", "it asks something else than it did", stop=True)


class Proof(Struct, frozen=True):
    """One call that went well in the shared guest. `asks`: (name, request, answer) in order."""

    hook: str
    payload: str
    limits: Limits
    asks: tuple[tuple[str, str, str], ...]
    value: str


class Proofs:
    """The latest calls of the releases used last, in fresh instances, small ones only."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, deque[Proof]] = OrderedDict()

    def add(self, call: HookCall, result: CallResult) -> None:
        """Remember a call that went well, if it is of use as a proof."""
        asks = tuple((entry.name, entry.request, entry.answer or "") for entry in result.journal)
        size = len(call.payload) + len(result.value) + sum(len("".join(ask)) for ask in asks)
        whole = all(answer for _, _, answer in asks)
        if result.outcome != "ok" or call.scope.nested or not whole or size > BYTES_MAX:
            return
        proof = Proof(call.hook, call.payload.decode(), call.limits, asks, result.value.decode())
        digest = call.release.digest
        self._kept.setdefault(digest, deque(maxlen=PROOFS_MAX)).append(proof)
        self._kept.move_to_end(digest)
        if len(self._kept) > RELEASES_MAX:
            self._kept.popitem(last=False)

    def of(self, digest: str) -> tuple[Proof, ...]:
        """What is known of a release, the latest last."""
        return tuple(self._kept.get(digest, ()))


async def differs(lane: Lane, component: str, digest: str, proof: Proof) -> str:
    """What the release does otherwise in this component; '' when nothing.

    Raises:
        WorkerLostError: the worker ended.
    """
    limits = guest_limits(proof.limits, proof.limits.deadline_ms / 1000)
    lane.send(Start(proof.hook, digest, proof.payload, limits, component=component))
    asked = other = 0
    while not isinstance(frame := await lane.receive(), Done):
        assert isinstance(frame, Ask), "a component needs no code"
        known = proof.asks[asked] if asked < len(proof.asks) else None
        asked += 1
        if known is None or (frame.name, frame.payload) != known[:2]:
            other = other or asked
            lane.send(_WRONG)
        else:
            lane.send(Answer(*guest_answer(known[2])))
    if other or asked < len(proof.asks):
        return f"call {other or asked + 1} is another than it was"
    return "" if (frame.case, frame.text) == ("", proof.value) else "its answer is another"
