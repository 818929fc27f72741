"""The filter says of every call what its profile says: read back by an interpreter of the kernel's
language, and its numbers by libseccomp where that is installed."""

import ctypes
import ctypes.util
import functools
import struct
from collections.abc import Iterator

import pytest
from hyperpersonal_runtime.jail import bpf, numbers
from hyperpersonal_runtime.jail.bpf import ALLOW, ENOSYS, EPERM, KILL, Rule
from hyperpersonal_runtime.jail.profiles import ABSENT, NAMES, RULES, seccomp_filter
from hyperpersonal_runtime.jail.program import JailError, Profile
from hypothesis import given
from hypothesis import strategies as st

PROFILES: tuple[Profile, ...] = ("worker", "plugin", "builder")
MACHINES = tuple(numbers.ARCHITECTURES)
WORDS = st.one_of(st.sampled_from([0, 1, 2, 8, 10, 17, 256, 0x10000, 0x5412, 0x10000000]),
                  st.integers(0, 2**64 - 1))  # fmt: skip
CALLS = st.one_of(st.integers(0, 600), st.integers(0, 2**32 - 1))


@functools.cache
def filter_of(profile: Profile, machine: str) -> bytes:
    return seccomp_filter(profile, machine)


def answer(code: bytes, machine: str, number: int, words: list[int]) -> int:
    """What the kernel's interpreter would return (Documentation/networking/filter.rst)."""
    data = struct.pack("=IIQ6Q", number, numbers.ARCHITECTURES[machine], 0, *words)
    lines = list(struct.iter_unpack("=HBBI", code))
    at = value = 0
    while True:
        operation, on_true, on_false, operand = lines[at]
        at += 1
        match operation:
            case 0x20:
                (value,) = struct.unpack_from("=I", data, operand)
            case 0x54:
                value &= operand
            case 0x15:
                at += on_true if value == operand else on_false
            case 0x25:
                at += on_true if value > operand else on_false
            case 0x06:
                return operand
            case _:
                raise AssertionError(hex(operation))


def expected(profile: Profile, machine: str, number: int, words: list[int]) -> int:
    if number > numbers.KNOWN_MAX:
        return ENOSYS
    names = {at: name for name, at in numbers.table(machine).items()}
    name = names.get(number, "")
    if name in RULES[profile]:
        return ALLOW if fits(RULES[profile][name], words) else EPERM
    if name in ABSENT:
        return ENOSYS
    return ALLOW if name in NAMES[profile] else EPERM


def fits(rule: Rule, words: list[int]) -> bool:
    if rule.null:
        return words[rule.at] == 0
    return words[rule.at] & 0xFFFFFFFF & rule.mask in rule.values


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("profile", PROFILES)
@given(number=CALLS, words=st.lists(WORDS, min_size=6, max_size=6))
def test_that_the_filter_says_what_the_profile_says(
    profile: Profile, machine: str, number: int, words: list[int]
) -> None:
    said = answer(filter_of(profile, machine), machine, number, words)
    assert said == expected(profile, machine, number, words)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("profile", PROFILES)
def test_that_every_number_of_the_table_is_answered(profile: Profile, machine: str) -> None:
    code = seccomp_filter(profile, machine)
    for number in range(numbers.KNOWN_MAX + 10):
        for words in ([0] * 6, [2**64 - 1] * 6):
            said = answer(code, machine, number, words)
            assert said == expected(profile, machine, number, words), number


def test_that_another_architecture_is_ended() -> None:
    assert answer(seccomp_filter("worker", "x86_64"), "aarch64", 0, [0] * 6) == KILL


def test_that_no_profile_starts_programs_or_opens_sockets() -> None:
    for profile in ("worker", "plugin"):
        assert not {"execve", "fork", "vfork", "socket", "connect", "kill", "ptrace"} & {
            *NAMES[profile], *RULES[profile],
        }  # fmt: skip


def test_that_the_filter_fits_the_kernels_bounds() -> None:
    for profile in PROFILES:
        for machine in MACHINES:
            code = seccomp_filter(profile, machine)
            assert len(code) // 8 <= 4_096, "BPF_MAXINSNS"
            for operation, on_true, on_false, _ in struct.iter_unpack("=HBBI", code):
                assert operation in (0x20, 0x54, 0x15, 0x25, 0x06)
                assert max(on_true, on_false) < 256


def test_that_an_unknown_machine_is_refused() -> None:
    with pytest.raises(JailError, match="riscv64"):
        seccomp_filter("worker", "riscv64")


@pytest.mark.parametrize("machine", MACHINES)
def test_that_the_numbers_are_those_of_libseccomp(machine: str) -> None:
    path = ctypes.util.find_library("seccomp")
    if path is None:
        pytest.skip("libseccomp is not installed")
    resolve = ctypes.CDLL(path).seccomp_syscall_resolve_name_arch
    architecture = ctypes.c_uint32(numbers.ARCHITECTURES[machine])
    ours = numbers.table(machine)
    theirs = {name: resolve(architecture, name.encode()) for name in ours}
    newer = {"fchmodat2"}  # than the library of Debian 12
    assert {n: at for n, at in ours.items() if theirs[n] != at and n not in newer} == {}


def test_that_rules_end_where_they_begin() -> None:
    """A rule's block must not run into the next one."""
    code = bpf.assemble(0xC000003E, 10, list(_rules()))
    assert answer(code, "x86_64", 1, [5, 0, 0, 0, 0, 0]) == ALLOW
    assert answer(code, "x86_64", 1, [6, 0, 0, 0, 0, 0]) == EPERM
    assert answer(code, "x86_64", 2, [0, 1 << 32, 0, 0, 0, 0]) == EPERM, "64 bits of a pointer"
    assert answer(code, "x86_64", 2, [0, 0, 0, 0, 0, 0]) == ALLOW
    assert answer(code, "x86_64", 3, [0] * 6) == ENOSYS


def _rules() -> Iterator[tuple[int, int | Rule]]:
    yield 1, Rule(0, (5,))
    yield 2, Rule(1, null=True)
    yield 3, ENOSYS
