"""What a plugin prints is a line of its call's log; outside of calls nobody hears it."""

import io

from hyperpersonal_sdk.guest.walls import LINE_CHARS_MAX
from hyperpersonal_sdk.native.call import CURRENT


class Said(io.TextIOBase):
    """Stands for `sys.stdout` and `sys.stderr`."""

    def __init__(self, level: str) -> None:
        self._level = level

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        call = CURRENT.get()
        if call is not None:
            for line in filter(str.strip, text[: 64 * LINE_CHARS_MAX].splitlines()):
                call.log(self._level, line)
        return len(text)
