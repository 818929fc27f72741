"""The worker's start: map the guest, serve each lane on a thread, end when the host is gone."""

import os
import sys
import threading
import time
from pathlib import Path
from socket import socket

from hyperpersonal_runtime.frames import Code, Done, NeedCode, Start, Warm
from hyperpersonal_runtime.framing import FramingError
from hyperpersonal_runtime.wasm.guest import GuestEnd, Instance
from hyperpersonal_runtime.wasm.guests import Guests, NoGuestError
from hyperpersonal_runtime.worker.codes import Codes
from hyperpersonal_runtime.worker.run import LaneClosedError, Line, Run
from hyperpersonal_runtime.worker.spare import Spare

REUSES_MAX = 200
REUSE_SECONDS_MAX = 120
SWITCH_SECONDS = 0.0005  # lanes are short and many: hand the interpreter on quickly


class Lane:
    """One thread that serves one call after the other on its own line.

    What can wait is done between calls: an instance that is not needed any more is closed after its
    answer has left, a spare is made before it is needed.
    """

    def __init__(self, connection: socket, guests: Guests, codes: Codes) -> None:
        self._line = Line(connection)
        self._guests = guests
        self._codes = codes
        self._kept: tuple[str, Instance] | None = None
        self._spare = Spare(guests.get, codes)
        self._done: list[Instance] = []

    def serve(self) -> None:
        """Until the host hangs up; then the whole worker ends, running guests with it."""
        try:
            while True:
                frame = self._line.receive()
                if isinstance(frame, Warm):
                    self._spare.make(frame)
                elif isinstance(frame, Start):
                    self._line.send(self._call(frame))
                    self._tidy()
                # else: an answer to a call that had ended by itself when its caller went away
        except (LaneClosedError, FramingError, OSError):
            os._exit(0)
        except BaseException:  # our own bug: the host sees the worker end and starts another
            sys.excepthook(*sys.exc_info())
            os._exit(1)

    def _call(self, start: Start) -> Done:
        try:
            instance = self._instance(start)
        except NoGuestError as error:
            return Done(
                "trap", f"its machine code is gone: {error}", (), 0.0, time.time() * 1e3, 0, 0
            )
        text = self._request(start, warm=instance.calls > 0)
        if not text:
            self._done.append(instance)
            return Done("limit", "nobody waits for it", (), 0.0, time.time() * 1e3, 0, 0)
        started, cpu = time.time(), time.thread_time()
        run = Run(self._line, start.limits)
        end = instance.guest.run_in(instance, text, run, start.limits.output_bytes)
        self._keep(start, instance, fine=not end.trap and not end.case)
        if run.logs_dropped:
            run.logs.append(f"warn: {run.logs_dropped} more lines were dropped")
        case, words = _how(end, run)
        cpu_ms = (time.thread_time() - cpu) * 1e3
        times = (cpu_ms, started * 1e3, end.instantiate_ms, end.call_ms)
        return Done(case, words, tuple(run.logs), *times)

    def _instance(self, start: Start) -> Instance:
        """The kept one if it is of the same tenant, installation and release; else the spare of
        this release; else a new one."""
        if self._kept is not None and self._kept[0] == start.reuse:
            instance, self._kept = self._kept[1], None
            return instance
        spare = self._spare.take(start)
        return spare or self._guests.get(start.component).open(start.limits.memory_bytes)

    def _keep(self, start: Start, instance: Instance, *, fine: bool) -> None:
        """Keep what may be reused and is not worn; after anything but an answer it is dropped."""
        age_seconds = time.monotonic() - instance.born
        if not (start.reuse and fine and instance.calls < REUSES_MAX) or (
            age_seconds > REUSE_SECONDS_MAX
        ):
            self._done.append(instance)
            return
        if self._kept is not None:
            self._done.append(self._kept[1])
        self._kept = (start.reuse, instance)

    def _tidy(self) -> None:
        while self._done:
            self._done.pop().close()

    def _request(self, start: Start, *, warm: bool) -> str:
        """What the guest is asked; '' when the caller went away before its code was here."""
        if not start.hook:
            return '{"op":"compile","files":' + start.payload + "}"
        if warm or start.component:  # the WIT world's own request: the instance holds the code
            return f'{{"hook":"{start.hook}","payload":{start.payload}}}'
        code = self._codes.get(start.digest)
        if code is None:
            self._line.send(NeedCode())
            answer = self._line.receive()
            if not isinstance(answer, Code):
                return ""
            code = answer.text
            self._codes.put(start.digest, code)
        return f'{{"op":"call","hook":"{start.hook}",{code},"payload":{start.payload}}}'


def _how(end: GuestEnd, run: Run) -> tuple[str, str]:
    if end.trap:
        return ("timeout", run.stopped_by) if run.stopped_by else ("trap", end.trap)
    return end.case, end.text


def main(machine_code: str, file_numbers: str) -> None:
    """Serve the lanes given as inherited file numbers, until one of them is closed."""
    sys.setswitchinterval(SWITCH_SECONDS)
    guests, codes = Guests(Path(machine_code)), Codes()
    lanes = [Lane(socket(fileno=int(number)), guests, codes) for number in file_numbers.split(",")]
    for lane in lanes[1:]:
        threading.Thread(target=lane.serve, daemon=True).start()
    lanes[0].serve()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
