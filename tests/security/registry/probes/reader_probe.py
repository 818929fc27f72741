"""Stands where a check that reads stands, and tries to get at what is not its business.

Answers one frame: by the name of each attempt, `worked` or the errno that refused it.
"""

import contextlib
import errno
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable


def attempts(given: dict[str, str]) -> dict[str, Callable[[], object]]:
    host = int(given["host"])
    return {
        "connect to a port": lambda: socket.create_connection(("127.0.0.1", int(given["port"])), 2),
        "listen on a port": lambda: socket.create_server(("127.0.0.1", 0)),
        "send a datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "connect to a socket file": lambda: unix(given["unix"]),
        "read the data folder": lambda: os.close(os.open(given["secret"], os.O_RDONLY)),
        "list the data folder": lambda: os.listdir(os.path.dirname(given["secret"])),
        "write the data folder": lambda: os.open(given["secret"], os.O_WRONLY | os.O_APPEND),
        "read accounts": lambda: os.close(os.open("/etc/passwd", os.O_RDONLY)),
        "write its own code": lambda: os.open(given["code"], os.O_WRONLY | os.O_APPEND),
        "leave a file": lambda: os.open(given["left"], os.O_CREAT | os.O_WRONLY),
        "read the host's environment": lambda: os.open(f"/proc/{host}/environ", os.O_RDONLY),
        "read the host's memory": lambda: os.open(f"/proc/{host}/mem", os.O_RDONLY),
        "signal the host": lambda: os.kill(host, 0),
        "signal everybody": lambda: os.kill(-1, 0),
        "start a program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        "become two": lambda: os.fork() or os._exit(0),
    }


def unix(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(path)


def outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "refused")
    return "worked"


def open_files() -> list[int]:
    found = []
    for number in range(64):
        with contextlib.suppress(OSError):
            os.fstat(number)
            found.append(number)
    return found


def main() -> None:
    number = int(sys.argv[-1])
    held = open_files()
    with socket.socket(fileno=number) as way:
        (length,) = struct.unpack(">I", way.recv(4, socket.MSG_WAITALL))
        given = json.loads(way.recv(length, socket.MSG_WAITALL))
        said = {name: outcome(attempt) for name, attempt in attempts(given).items()}
        told = {"tried": said, "environment": dict(os.environ), "files": [*held, -number]}
        data = json.dumps(told).encode()
        way.sendall(struct.pack(">I", len(data)) + data)


if __name__ == "__main__":
    main()
