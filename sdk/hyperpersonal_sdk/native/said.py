"""What a plugin prints is a line of its call's log; outside of calls nobody hears it."""

import io

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
            call.say(self._level, text)
        return len(text)
