"""The process's end of its one connection, served by an event loop."""

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

from hyperpersonal_sdk.native.wire import Splitter, frame

READ_BYTES = 256 * 1024
TO_PROCESS_BYTES_MAX = 32 * 1024 * 1024

OnFrame = Callable[[list[Any], str], None]


class Line:
    """Frames in and out. Every method runs on the loop's own thread.

    Reads and writes the file number itself: no socket call is needed inside the jail.
    """

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop, on_frame: OnFrame) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._loop = loop
        self._on_frame = on_frame
        self._splitter = Splitter(TO_PROCESS_BYTES_MAX)
        self._unsent = bytearray()
        loop.add_reader(fd, self._read)

    def send(self, header: list[Any], body: str = "") -> None:
        """Write now what the host takes, the rest when it can."""
        waiting = bool(self._unsent)
        self._unsent += frame(json.dumps(header).encode(), body.encode("utf-8", "replace"))
        if not waiting:
            self._write()

    def _write(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: os.write(self._fd, self._unsent)]
        except BlockingIOError:
            self._loop.add_writer(self._fd, self._write)
        except OSError:
            os._exit(0)  # the host is gone
        else:
            self._loop.remove_writer(self._fd)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            os._exit(0)  # the host is gone
        for header, body in self._splitter.feed(data):
            self._on_frame(json.loads(header), body.decode())
