"""The embedded nats-server with JetStream, on 127.0.0.1, stopped with its parent."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from hyperpersonal_web.embedded.postgres import HeldPort, tied

START_SECONDS_MAX = 60


class EmbeddedNats:
    """One server; its streams are files under `data`."""

    def __init__(self, data: Path, *, port: int = 0) -> None:
        self.data = data
        self._held = None if port else HeldPort()
        self.port = self._held.number if self._held else port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> "EmbeddedNats":
        """Start and wait until the port answers (60 s at most)."""
        self.data.mkdir(parents=True, exist_ok=True)
        command = [str(Path(sys.executable).parent / "nats-server"), "-a", "127.0.0.1"]
        command += [
            "-p",
            str(self.port),
            "-js",
            "-sd",
            str(self.data),
            "-l",
            str(self.data / "server.log"),
        ]
        self._process = subprocess.Popen(
            tied(command, signal.SIGTERM), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            except OSError:
                time.sleep(0.01)
            else:
                if self._held:
                    self._held.let_go()
                return self
        raise TimeoutError(f"nats-server did not answer; see {self.data}/server.log")

    def stop(self) -> None:
        """Stop and wait."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(60)
