"""Serves an ASGI application on our own listening socket until it is told to stop."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from hyperpersonal_web.http.limits import FRAME_BYTES_MAX
from hyperpersonal_web.patience import PatientProtocol

if TYPE_CHECKING:
    from hyperpersonal_web.asgi import App

PING_EVERY_S = 20.0
SILENT_PEER_MS = 30_000
BACKLOG = 2_048
STOP_SECONDS_MAX = 5


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. A peer that takes nothing for 30 s is cut off by the kernel, so a
    reader that stopped can hold neither memory nor a connection.

    Raises:
        OSError: the port is taken.
    """
    listener = socket.create_server((host, port), backlog=BACKLOG)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_PEER_MS)
    return listener


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: who starts us decides when we stop."""

    def __init__(self, app: "App") -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="none",
                http=PatientProtocol,
                ws="websockets-sansio",
                ws_max_size=FRAME_BYTES_MAX,
                ws_ping_interval=PING_EVERY_S,
                ws_ping_timeout=PING_EVERY_S,
                ws_per_message_deflate=False,
                lifespan="off",
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=STOP_SECONDS_MAX,
                server_header=False,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None are captured."""
        yield


async def serve(app: "App", listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; open sockets are told to come again (1012)."""
    server = Server(app)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    stopping.cancel()
    await serving


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set; a second signal ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told(number: int) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told, number)
    return stop
