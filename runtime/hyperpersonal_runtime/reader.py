"""A program of ours that reads what strangers wrote, in the jail: no network, no file but its own
code, no environment, nobody else's processes. It hears and answers over one socket."""

import socket
import sys
from collections.abc import Sequence

from msgspec import Struct

from hyperpersonal_runtime.jail.files import packages
from hyperpersonal_runtime.jail.program import Jail, Jailed, Program

PROCESSES_MAX = 16  # threads with it


class Reading(Struct, frozen=True):
    """What is run: `module` with `words` behind it and the socket's number last; `imports` are the
    packages it may import. `memory_bytes` and `cpu_seconds`: of its whole life."""

    module: str
    words: tuple[str, ...]
    imports: tuple[str, ...]
    memory_bytes: int
    cpu_seconds: int


def start_reader(jail: Jail, reading: Reading) -> tuple[Jailed, socket.socket]:
    """Start it; our end of its socket. Blocks for as long as a process takes to start.

    Raises:
        JailError: it could not be started.
    """
    ours, theirs = socket.socketpair()
    try:
        return jail.spawn(_program(reading, theirs.fileno())), ours
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()


def _program(reading: Reading, number: int) -> Program:
    path, readable = packages(reading.imports)
    words: Sequence[str] = (reading.module, *reading.words, str(number))
    return Program(
        argv=(sys.executable, "-m", *words),
        path=path,
        readable=readable,
        fds=(number,),
        profile="plugin",
        memory_bytes=reading.memory_bytes,
        cpu_seconds=reading.cpu_seconds,
        processes=PROCESSES_MAX,
    )
