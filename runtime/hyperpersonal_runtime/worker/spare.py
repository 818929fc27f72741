"""A lane's spare: an instance made and loaded ahead of the call it will serve.

Rules:
1. A spare serves one call, of whichever tenant comes first; it was given nothing of any tenant.
2. A release whose import reaches for the host, a clock, randomness or the log gets none: loaded in
   its call, that would be answered from the call's journal. It is found out once, and remembered.
3. A lane holds at most one.
"""

from collections.abc import Callable

from hyperpersonal_runtime.frames import GuestLimits, Start, Warm
from hyperpersonal_runtime.wasm.guest import Guest, Instance
from hyperpersonal_runtime.wasm.guests import NoGuestError
from hyperpersonal_runtime.worker.codes import Codes
from hyperpersonal_runtime.worker.run import Loading

LOAD_CPU_MS, OUTPUT_BYTES = 250, 64
LOAD_MS = 30_000  # what loads waits for nothing: CPU bounds it, a busy machine must not


class Spare:
    """What one lane holds ready. `guest`: of a component's file name ('' the shared one)."""

    def __init__(self, guest: Callable[[str], Guest], codes: Codes) -> None:
        self._guest = guest
        self._codes = codes
        self._held: tuple[Warm, Instance] | None = None

    def take(self, start: Start) -> Instance | None:
        """The instance, when it was made for what this call runs; then it is the call's."""
        if self._held is None or self._held[0] != _wanted(start):
            return None
        (_, instance), self._held = self._held, None
        return instance

    def make(self, wanted: Warm) -> None:
        """Hold one of these instead of what is held; nothing when the release cannot have one."""
        if self._held is not None:
            if self._held[0] == wanted:
                return
            self._held[1].close()
            self._held = None
        if self._codes.is_fit(wanted.digest):
            instance = self._loaded(wanted)
            self._held = (wanted, instance) if instance is not None else None

    def _loaded(self, wanted: Warm) -> Instance | None:
        code = "" if wanted.component else self._codes.get(wanted.digest)
        if code is None:
            return None
        try:
            guest = self._guest(wanted.component)
        except NoGuestError:  # the call itself will say so
            return None
        limits = GuestLimits(wanted.memory_bytes, LOAD_CPU_MS, LOAD_MS, 0, OUTPUT_BYTES, 0)
        instance, calls = guest.open(wanted.memory_bytes), Loading(limits)
        if _load(guest, instance, code, calls) and not calls.asked:
            return instance
        self._codes.mark_unfit(wanted.digest)
        instance.close()
        return None


def _load(guest: Guest, instance: Instance, code: str, calls: Loading) -> bool:
    """Whether the release's own code is in the instance now, without a failure."""
    if not code:
        return guest.make(instance, calls)
    end = guest.run_in(instance, f'{{"op":"load",{code}}}', calls, OUTPUT_BYTES)
    return not end.trap and not end.case


def _wanted(start: Start) -> Warm:
    return Warm(start.digest, start.limits.memory_bytes, start.component)
