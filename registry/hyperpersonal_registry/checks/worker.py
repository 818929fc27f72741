"""The process that checks: reads a subject and names of checks, answers one verdict a name.

Frames on stdin and stdout: four bytes of length, then msgpack. First the subject; then each name is
answered before the next is sent. It ends when its stdin does. Whatever goes wrong in here is seen
outside as no answer, and that is ERROR.
"""

import asyncio
import os
import resource
import struct
import sys
from typing import BinaryIO

import msgspec
from hyperpersonal_sdk.checks import RULES, judged
from hyperpersonal_sdk.verdicts import Verdict, verdict

from hyperpersonal_registry.checks import SANDBOXED, STATIC
from hyperpersonal_registry.checks.examination import Examination
from hyperpersonal_registry.checks.subject import Subject

FRAME_BYTES_MAX = 128 * 1024 * 1024
LENGTH = struct.Struct(">I")
STATIC_MEMORY_BYTES = 1 << 30
_CHECKS = {check.NAME: check for check in (*STATIC, *SANDBOXED)}
_RULES = {rule.NAME: rule for rule in RULES}


def main() -> None:
    """Check until there is nothing more to check."""
    answers = _own_stdout()
    if "--static" in sys.argv:  # sandboxes reserve addresses by the terabyte
        resource.setrlimit(resource.RLIMIT_AS, (STATIC_MEMORY_BYTES, STATIC_MEMORY_BYTES))
    subject = msgspec.msgpack.decode(read_frame(sys.stdin.buffer), type=Subject)
    asyncio.run(_serve(Examination(subject), answers))


async def _serve(examination: Examination, answers: BinaryIO) -> None:
    try:
        while name := await asyncio.to_thread(read_frame, sys.stdin.buffer):
            found = await _verdict(examination, name.decode())
            write_frame(answers, msgspec.msgpack.encode(found))
    finally:
        await examination.stage.close()


async def _verdict(examination: Examination, name: str) -> Verdict:
    """The check's word; ERROR for one that fails itself, and for one that is not known."""
    try:
        if name in _RULES:
            return judged(_RULES[name], examination.reading)
        return await _CHECKS[name].check(examination)
    except Exception as error:
        return failed(name, f"{type(error).__name__}: {error}"[:200])


def failed(name: str, why: str) -> Verdict:
    """The verdict of a check that has none."""
    reason = f"This check could not be finished ({why}). It is tried again; you need do nothing."
    return verdict(name, "ERROR", reason)


def read_frame(stream: BinaryIO) -> bytes:
    """The next frame; empty at the end.

    Raises:
        ValueError: it is longer than FRAME_BYTES_MAX.
    """
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return b""
    (length,) = LENGTH.unpack(head)
    if length > FRAME_BYTES_MAX:
        raise ValueError("a frame is too long")
    return stream.read(length)


def write_frame(stream: BinaryIO, data: bytes) -> None:
    """Send one frame."""
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def _own_stdout() -> BinaryIO:
    """Answers go where stdout went; what anything prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main()
