"""The process's end of its one connection, served by an event loop."""

import asyncio
import json
import os
import threading
from collections.abc import Callable
from typing import Any

from hyperpersonal_sdk.native.wire import Splitter, frame

READ_BYTES = 256 * 1024
TO_PROCESS_BYTES_MAX = 32 * 1024 * 1024

OnFrame = Callable[[list[Any], str], None]


class Line:
    """Frames in, on the loop's own thread, and out, from any thread.

    Reads and writes the file number itself: no socket call is needed inside the jail.
    """

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop, on_frame: OnFrame) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._loop = loop
        self._on_frame = on_frame
        self._splitter = Splitter(TO_PROCESS_BYTES_MAX)
        self._unsent = bytearray()
        self._lock = threading.Lock()
        loop.add_reader(fd, self._read)

    def send(self, header: list[Any], body: str = "") -> None:
        """Write now what the host takes, the rest when it can."""
        text = frame(json.dumps(header).encode(), body.encode("utf-8", "replace"))
        with self._lock:
            waiting = bool(self._unsent)
            self._unsent += text
            if not waiting and not self._write():
                self._loop.call_soon_threadsafe(self._loop.add_writer, self._fd, self._go_on)

    def _write(self) -> bool:
        """Whether the host took all."""
        try:
            while self._unsent:
                del self._unsent[: os.write(self._fd, self._unsent)]
        except BlockingIOError:
            return False
        except OSError:
            os._exit(0)  # the host is gone
        return True

    def _go_on(self) -> None:
        with self._lock:
            if self._write():
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
