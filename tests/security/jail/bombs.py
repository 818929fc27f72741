"""Run inside a jail: takes as much of one thing as it can get, and prints how much that was."""

import ctypes
import errno
import json
import mmap
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

MIB = 1 << 20
MANY = 4_096
MEMORY_MIB_MAX = 640
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
RWX = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC


def memory() -> int:
    held = []
    try:
        while len(held) < MEMORY_MIB_MAX:
            held.append(bytearray(b"x") * MIB)
    except MemoryError:
        pass
    got = len(held)
    held.clear()
    return got


def shared() -> int:
    """Memory that RLIMIT_DATA would not count."""
    try:
        mmap.mmap(-1, MEMORY_MIB_MAX * MIB)
    except PermissionError:
        return 0
    return MEMORY_MIB_MAX


def threads() -> int:
    stop, started = threading.Event(), []
    try:
        while len(started) < MANY:
            thread = threading.Thread(target=stop.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:
        pass
    stop.set()
    return len(started)


def scratch() -> int:
    written = 0
    for number in range(64):
        try:
            with open(f"/tmp/{number}", "wb", 0) as file:
                while written < MANY:
                    written += file.write(b"x" * MIB) // MIB
        except OSError as error:
            if error.errno not in (errno.EFBIG, errno.ENOSPC):
                raise
            if error.errno == errno.ENOSPC:
                break
    return written


def files() -> int:
    held = []
    try:
        while len(held) < MANY:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
    for number in held:
        os.close(number)
    return len(held)


def output() -> int:
    """More than is kept of what a program says."""
    for _ in range(MANY):
        try:
            os.write(1, b"x" * 4096)
        except OSError:
            return 0
    return 0


def cpu() -> int:
    while True:
        pass


def old_numbers() -> int:
    """getpid by the gate of 32-bit programs: `mov eax, 20; int 0x80; ret`."""
    page = mmap.mmap(-1, 4096, flags=PRIVATE, prot=RWX)
    page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return int(ctypes.CFUNCTYPE(ctypes.c_int)(address)())


def abort() -> int:
    os.abort()


BOMBS: dict[str, Callable[[], int]] = {
    one.__name__: one
    for one in (memory, shared, threads, scratch, files, output, cpu, old_numbers, abort)
}


def main(spec: dict[str, Any]) -> None:
    print(json.dumps(BOMBS[spec["only"][0]]()))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
