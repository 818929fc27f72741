"""Speaks with a demo's door for development: serves a folder there, and reads what turns did."""

import socket
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Struct

from hyperpersonal_sdk.errors import BadInputError

API = "/v1/development"
SECONDS_MAX = 60.0  # the first release of a component is compiled
DEMO_FOLDER = "demo"
ADDRESS_FILE = "address"
LISTEN_SECONDS_MAX = 1.0
START = "start one with `./hp demo` in another terminal, or name it: --url and --member-key"


class DemoAwayError(BadInputError):
    """No demo runs here, or it does not answer."""

    code = "demo_away"


class DemoRefusedError(BadInputError):
    """The demo would not have it; the message says why."""

    code = "demo_refused"


class Demo(Struct, frozen=True):
    """Where a demo runs, and the key of its merchant."""

    url: str
    member_key: str


class TurnLines(Struct, frozen=True):
    """A turn in words: (indent, words) of each line. `mine`: the plugin was called in it."""

    id: str
    started_at: datetime
    mine: bool
    lines: list[tuple[int, str]]


class _Merchant(Struct, frozen=True):
    member_key: str


def running_demo(data_folder: Path | None) -> Demo:
    """The demo of this machine, as its data folder tells. Raises DemoAwayError."""
    url = demo_address(data_folder)
    assert data_folder is not None
    try:
        kept = (data_folder / DEMO_FOLDER / "merchant.json").read_bytes()
        merchant = msgspec.json.decode(kept, type=_Merchant)
    except (OSError, msgspec.MsgspecError):
        raise DemoAwayError(f"no demo runs here; {START}") from None
    return Demo(url, merchant.member_key)


def demo_address(data_folder: Path | None) -> str:
    """Where this machine's demo answers. One that was killed left its address behind, so somebody
    must listen there. Raises DemoAwayError."""
    try:
        assert data_folder is not None
        url = (data_folder / DEMO_FOLDER / ADDRESS_FILE).read_text().strip().rstrip("/")
    except (OSError, AssertionError):
        raise DemoAwayError(f"no demo runs here; {START}") from None
    if not _listens(url):
        raise DemoAwayError(f"the demo that ran at {url} does not run any more; {START}")
    return url


def _listens(url: str) -> bool:
    try:
        found = urlsplit(url)
        place = (found.hostname or "", found.port or 80)
        socket.create_connection(place, timeout=LISTEN_SECONDS_MAX).close()
    except (OSError, ValueError):
        return False
    return True


class DemoClient:
    """One demo. A context manager."""

    def __init__(self, demo: Demo) -> None:
        if not urlsplit(demo.url).hostname:
            raise BadInputError(f"{demo.url!r} is no address; write http://127.0.0.1:PORT")
        self.url = demo.url.rstrip("/")
        headers = {"authorization": f"Bearer {demo.member_key}"}
        self._http = httpx.Client(
            base_url=self.url, headers=headers, timeout=SECONDS_MAX, trust_env=False
        )

    def __enter__(self) -> "DemoClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def serve(
        self, artifact: bytes, envelope: bytes, public: str, settings: dict[str, Any]
    ) -> dict[str, Any]:
        """Let an archive serve. Raises DemoRefusedError, DemoAwayError, as every method does."""
        files = {"artifact": ("plugin.hpx", artifact), "envelope": ("plugin.hpx.sig", envelope)}
        form = {"public": public, "settings": msgspec.json.encode(settings).decode()}
        answer = self._send("PUT", f"{API}/plugin", files=files, data=form)
        return msgspec.json.decode(answer, type=dict[str, Any])

    def withdraw(self, plugin_id: str) -> None:
        """As it was before."""
        self._send("DELETE", f"{API}/plugins/{plugin_id}")

    def turns(self, plugin_id: str, since: datetime) -> list[TurnLines]:
        """The newest turns that ended, oldest first, at most 20."""
        query = {"plugin": plugin_id, "since": since.isoformat()}
        answer = self._send("GET", f"{API}/turns", params=query)
        return msgspec.json.decode(answer, type=list[TurnLines])

    def fixtures(self, turn: str, plugin_id: str) -> list[dict[str, Any]]:
        """The plugin's calls in a turn."""
        path = f"{API}/turns/{turn}/fixtures"
        answer = self._send("GET", path, params={"plugin": plugin_id})
        return msgspec.json.decode(answer, type=list[dict[str, Any]])

    def _send(self, method: str, path: str, **request: Any) -> bytes:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise DemoAwayError(f"{self.url} does not answer ({error}); {START}") from error
        if answer.is_success:
            return answer.content
        raise DemoRefusedError(_told(answer))


def _told(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return str(problem.get("detail") or problem.get("title"))
    except (ValueError, AttributeError):
        return f"it answered {answer.status_code}; is it a demo of this version?"
