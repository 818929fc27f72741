"""A small assembler for seccomp's classic BPF (kernel: Documentation/userspace-api/seccomp_filter).

A program is a list of blocks: "is it call N? then these lines", each of which ends in a return. No
jump leaves its block, so none is longer than a byte, and the kernel answers the calls that are
allowed without a look at their arguments from its bitmap cache (Linux 5.11+): they cost nothing.
"""

import errno
import struct
from collections.abc import Sequence
from dataclasses import dataclass

ALLOW = 0x7FFF0000
KILL = 0x80000000
EPERM = 0x00050000 | errno.EPERM
ENOSYS = 0x00050000 | errno.ENOSYS
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_LOAD, _EQUAL, _GREATER, _AND, _RETURN = 0x20, 0x15, 0x25, 0x54, 0x06


@dataclass(frozen=True)
class Rule:
    """A call allowed only when its argument `at`, masked, is one of `values`; else EPERM.

    Compared are 32 bits, as wide as the kernel reads the arguments used here; with `null` all 64
    bits must be zero (a pointer).
    """

    at: int
    values: tuple[int, ...] = (0,)
    mask: int = 0xFFFFFFFF
    null: bool = False

    def lines(self) -> list[bytes]:
        """The block's body."""
        low = ARGUMENTS + 8 * self.at
        if self.null:
            high = [_line(_LOAD, low + 4), _line(_EQUAL, 0, 1, 0), _line(_RETURN, EPERM)]
            return [*high, *Rule(self.at).lines()]
        body = [_line(_LOAD, low)]
        if self.mask != 0xFFFFFFFF:
            body.append(_line(_AND, self.mask))
        for value in self.values:
            body += [_line(_EQUAL, value, 0, 1), _line(_RETURN, ALLOW)]
        return [*body, _line(_RETURN, EPERM)]


def assemble(architecture: int, known_max: int, calls: Sequence[tuple[int, int | Rule]]) -> bytes:
    """The filter: another architecture is killed, numbers over `known_max` do not exist, `calls`
    are answered as they say, all others are refused."""
    program = [_line(_LOAD, ARCHITECTURE), _line(_EQUAL, architecture, 1, 0), _line(_RETURN, KILL)]
    program += [_line(_LOAD, NUMBER), _line(_GREATER, known_max, 0, 1), _line(_RETURN, ENOSYS)]
    for number, answer in calls:
        body = answer.lines() if isinstance(answer, Rule) else [_line(_RETURN, answer)]
        program += [_line(_EQUAL, number, 0, len(body)), *body]
    return b"".join([*program, _line(_RETURN, EPERM)])


def _line(code: int, value: int, on_true: int = 0, on_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, on_true, on_false, value)
