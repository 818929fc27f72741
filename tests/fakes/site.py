"""Two local servers: a shop on the internet's side, and one inside the private network."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SLOW_SECONDS = 0.4  # longer than a host call's inline wait: whoever asks is put to sleep
DRIP_SECONDS = 0.05


class Site:
    """One server. `asked`: (method, path, headers) of every request it got."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def acts(self) -> list[str]:
        """The idempotency keys of the writes, each once."""
        keys = [headers.get("idempotency-key", "") for method, _, headers in self.asked
                if method not in {"GET", "HEAD"}]  # fmt: skip
        return list(dict.fromkeys(keys))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                site.asked.append((self.command, self.path, headers))
                self.rfile.read(int(headers.get("content-length") or 0))
                _answer(self, headers)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                return

        return Handler

    def start(self) -> "Site":
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _answer(handler: Any, headers: dict[str, str]) -> None:
    path, _, rest = handler.path.partition("?to=")
    if path.endswith("/slow"):
        time.sleep(SLOW_SECONDS)
    text = f"you are {headers.get('authorization', 'nobody')}".encode()
    handler.send_response(302 if rest else 200)
    handler.send_header("content-length", str(10_000 if path.endswith("/drip") else len(text)))
    if rest:
        handler.send_header("location", rest)
    handler.end_headers()
    try:
        _drip(handler) if path.endswith("/drip") else handler.wfile.write(text)
    except OSError:  # the reader has gone
        handler.close_connection = True


def _drip(handler: Any) -> None:
    """One byte after the other, as slowly as a reader bears it; never all."""
    for _ in range(200):
        handler.wfile.write(b".")
        handler.wfile.flush()
        time.sleep(DRIP_SECONDS)
    handler.close_connection = True


@contextmanager
def open_sites() -> Iterator[tuple[Site, Site]]:
    """(the shop, the one inside)."""
    sites = Site().start(), Site().start()
    try:
        yield sites
    finally:
        for site in sites:
            site.stop()
