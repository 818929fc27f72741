"""uvicorn's HTTP with deadlines for a request to arrive, so that a peer which sends a byte a minute
holds no connection.

uvicorn has one for idle connections only. A request that is being answered has all the time its
handler takes.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS_MAX = 20.0
BODY_SECONDS_MAX = 300.0  # the largest archive at 1.5 Mbit/s


class PatientProtocol(HttpToolsProtocol):
    """Cuts a connection whose next request is not there in time. `head_s`: until its headers;
    `body_s`: from there until the end of its body."""

    head_s = HEAD_SECONDS_MAX
    body_s = BODY_SECONDS_MAX
    _arrival: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._expect(self.head_s)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._expect(self.body_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._expect(None)
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._expect(None)
        super().handle_websocket_upgrade()

    def _expect(self, seconds: float | None) -> None:
        """The next part arrives within so many seconds; None: nothing is awaited."""
        if self._arrival is not None:
            self._arrival.cancel()
        self._arrival = None if seconds is None else self.loop.call_later(seconds, self._cut)

    def _cut(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()
