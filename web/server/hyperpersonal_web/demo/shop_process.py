"""The demo shop as a process of its own; it dies with us."""

import os
import secrets
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import httpx
import msgspec
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_runtime.api import LOOPBACK
from msgspec import Struct

from hyperpersonal_web.embedded.postgres import HeldPort, tied

START_SECONDS_MAX = 120
STORE = "demo"


class ShopKeys(Struct, frozen=True):
    """What the connector and the demo present to the shop; made once, kept in the data folder."""

    token: str
    admin_token: str


def near_shop(settings: Settings) -> Settings:
    """The settings of a process whose plugins reach the demo shop on this machine."""
    hosts = ",".join(filter(None, (settings.private_hosts, *LOOPBACK)))
    return msgspec.structs.replace(settings, private_hosts=hosts)


class ShopProcess:
    """Start it from the main thread: the kernel ties the death signal to it."""

    def __init__(self, folder: Path, database_url: str, today: date) -> None:
        self._folder = folder
        self._database_url = database_url
        self._today = today
        self._held = HeldPort()
        self._port = self._held.number
        self._process: subprocess.Popen[bytes] | None = None
        self.keys = _keys(folder / "shop.json")

    @property
    def url(self) -> str:
        """Where the shop answers."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Its process, for measurements that leave it out. Only after `start`."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> "ShopProcess":
        """Begin; `wait` for it later, so that other work goes on meanwhile."""
        command = [sys.executable, "-m", "hyperpersonal_web.demo_shop", "--port", str(self._port)]
        command += ["--base-date", self._today.isoformat()]
        given = {
            "HP_SHOP_DATABASE_URL": self._database_url,
            "HP_SHOP_TOKEN": self.keys.token,
            "HP_SHOP_ADMIN_TOKEN": self.keys.admin_token,
        }
        with (self._folder / "shop.log").open("ab") as log:
            self._process = subprocess.Popen(
                tied(command, signal.SIGTERM), env={**os.environ, **given},
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        return self

    def wait(self) -> None:
        """Until it answers.

        Raises:
            RuntimeError: it ended, or did not answer in two minutes.
        """
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                httpx.get(f"{self.url}/health", timeout=2).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                self._held.let_go()
                return
        raise RuntimeError(f"the demo shop does not answer; see {self._folder}/shop.log")

    def stop(self) -> None:
        """End it."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _keys(path: Path) -> ShopKeys:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        keys = ShopKeys(secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        path.write_bytes(msgspec.json.encode(keys))
    return msgspec.json.decode(path.read_bytes(), type=ShopKeys)
