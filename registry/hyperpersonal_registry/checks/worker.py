"""The process that checks: reads a subject and names of checks, answers one verdict a name.

Frames: four bytes of length, then msgpack. First the subject; then each name is answered before
the next is sent. It ends when its way in does. Whatever goes wrong in here is seen outside as no
answer, and that is ERROR.

    worker --static NUMBER   checks that read, in a jail; over the socket of this number
    worker                   all checks, with sandboxes of its own; over stdin and stdout
"""

import asyncio
import os
import struct
import sys
from collections.abc import Mapping
from typing import BinaryIO, cast

import msgspec
from hyperpersonal_sdk.checks import RULES, judged
from hyperpersonal_sdk.verdicts import Verdict, verdict

from hyperpersonal_registry.checks import look_alike
from hyperpersonal_registry.checks.examination import Check, Examination
from hyperpersonal_registry.checks.subject import Subject

FRAME_BYTES_MAX = 128 * 1024 * 1024
LENGTH = struct.Struct(">I")
_RULES = {rule.NAME: rule for rule in RULES}


def main() -> None:
    """Check until there is nothing more to check."""
    asked, answers = _channel()
    subject = msgspec.msgpack.decode(read_frame(asked), type=Subject)
    asyncio.run(_serve(Examination(subject), asked, answers))


async def _serve(examination: Examination, asked: BinaryIO, answers: BinaryIO) -> None:
    checks = _checks()
    try:
        while name := await asyncio.to_thread(read_frame, asked):
            found = await _verdict(checks, examination, name.decode())
            write_frame(answers, msgspec.msgpack.encode(found))
    finally:
        await examination.close()


def _checks() -> Mapping[str, Check]:
    """Those of this process: one that reads does not even know of a sandbox."""
    if "--static" in sys.argv:
        return {look_alike.NAME: cast("Check", look_alike)}
    from hyperpersonal_registry.checks.trials import SANDBOXED, STATIC

    return {check.NAME: check for check in (*STATIC, *SANDBOXED)}


async def _verdict(checks: Mapping[str, Check], examination: Examination, name: str) -> Verdict:
    """The check's word; ERROR for one that fails itself, and for one that is not known."""
    try:
        if name in _RULES:
            return judged(_RULES[name], examination.reading)
        return await checks[name].check(examination)
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


def _channel() -> tuple[BinaryIO, BinaryIO]:
    """Where frames come from and go to. What anything prints goes to stderr."""
    if "--static" in sys.argv:
        number = int(sys.argv[sys.argv.index("--static") + 1])
        return os.fdopen(os.dup(number), "rb"), os.fdopen(number, "wb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, answers


if __name__ == "__main__":
    main()
