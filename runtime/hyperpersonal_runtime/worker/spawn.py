"""How a worker process is started: the one place where the operating system's jail goes."""

import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

Spawn = Callable[[Path, Sequence[socket.socket]], "subprocess.Popen[bytes]"]


def spawn_worker(machine_code: Path, lanes: Sequence[socket.socket]) -> "subprocess.Popen[bytes]":
    """Start a worker that inherits its lanes and nothing else: no environment, no input.

    Args:
        machine_code: the compiled guest.
        lanes: the worker's ends; the caller closes its copies afterwards.
    """
    numbers = [lane.fileno() for lane in lanes]
    module = "hyperpersonal_runtime.worker.main"
    return subprocess.Popen(
        [sys.executable, "-I", "-m", module, str(machine_code), ",".join(map(str, numbers))],
        env={},
        cwd="/",
        stdin=subprocess.DEVNULL,
        pass_fds=numbers,
        start_new_session=True,
    )
