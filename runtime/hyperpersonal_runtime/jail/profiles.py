"""Which system calls each profile may make, and with which arguments. Everything else is refused.

Refused means EPERM, so that a library sees an error it can report. Two kinds answer ENOSYS instead:
numbers newer than this table, and `ABSENT`: calls whose older form is allowed. A C library asks for
those first and falls back only when told they do not exist. That also covers the x32 numbers, which
begin far above the table. A caller of another architecture (int 0x80) is killed: its numbers mean
other calls.
"""

import platform

from hyperpersonal_runtime.jail import numbers
from hyperpersonal_runtime.jail.bpf import ALLOW, ENOSYS, Rule, assemble
from hyperpersonal_runtime.jail.program import JailError, Profile

# Files (what a path may reach is the wall's business), memory, waiting, one's own signals.
WORKER = """
read readv write writev pread64 pwrite64 lseek close fstat stat lstat newfstatat statx statfs
fstatfs open openat access faccessat faccessat2 readlink readlinkat getdents64 getcwd dup dup2 dup3
mmap munmap mremap mprotect madvise brk futex membarrier set_robust_list rseq set_tid_address
exit exit_group restart_syscall sched_yield sched_getaffinity
rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack
getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid getgroups
clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage
getrandom uname sysinfo getcpu arch_prctl poll ppoll select pselect6
recvfrom getsockname getpeername getsockopt shutdown
""".split()

# An event loop and a scratch folder. Nothing that changes the mode, owner or times of a file:
# Landlock does not look at those.
PLUGIN = """
epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd2 pipe pipe2 timerfd_create timerfd_settime
ftruncate fsync fdatasync unlink unlinkat mkdir mkdirat rmdir rename renameat renameat2
getrlimit setitimer flock
""".split()

# Compilers and unpackers: our own tools over foreign bytes. They may start programs, but only
# those their wall shows, and without a network.
BUILDER = """
fork vfork execve wait4 waitid memfd_create link linkat symlink symlinkat chmod fchmod fchmodat
utimensat fallocate chdir fchdir umask sendfile fadvise64 readahead getpgrp getpgid setsid
""".split()

# glibc and Rust's library try these first, and then what is allowed above.
ABSENT = "clone3 openat2 epoll_pwait2 close_range copy_file_range fchmodat2 pidfd_open".split()

_THREAD, _NAMESPACES = 0x00010000, 0x7E020080  # CLONE_THREAD; every CLONE_NEW*
_FCNTL = (0, 1, 2, 3, 4, 1030)  # duplicate, get and set flags: not F_SETOWN, it sends signals
_LOCKS = (5, 6, 7, 36, 37, 38)
_IOCTL = (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS FIONREAD FIONBIO FIONCLEX FIOCLEX
_PRCTL = (15, 16, 0x53564D41)  # a thread's name, a mapping's name
_AF_UNIX = 1
_NOT_COUNTED = 0x01 | 0x100  # MAP_SHARED, MAP_GROWSDOWN: RLIMIT_DATA does not see their pages

RULES: dict[Profile, dict[str, Rule]] = {
    "worker": {
        "clone": Rule(0, (_THREAD,), mask=_THREAD | _NAMESPACES),
        "fcntl": Rule(1, _FCNTL),
        "mmap": Rule(3, mask=_NOT_COUNTED),
        "ioctl": Rule(1, _IOCTL),
        "prctl": Rule(0, _PRCTL),
        "prlimit64": Rule(0),  # of oneself
        "sendto": Rule(4, null=True),  # to the peer, to no address
    }
}
RULES["plugin"] = RULES["worker"] | {
    "socketpair": Rule(0, (_AF_UNIX,)),
    "sched_setaffinity": Rule(0),
}
RULES["builder"] = RULES["plugin"] | {
    "clone": Rule(0, mask=_NAMESPACES),
    "fcntl": Rule(1, _FCNTL + _LOCKS),
    "mmap": Rule(3, mask=0),
}
NAMES: dict[Profile, list[str]] = {
    "worker": WORKER,
    "plugin": WORKER + PLUGIN,
    "builder": WORKER + PLUGIN + BUILDER,
}


def seccomp_filter(profile: Profile, machine: str = platform.machine()) -> bytes:
    """The profile's filter as the kernel takes it.

    Raises:
        JailError: no table of numbers for this machine.
    """
    if machine not in numbers.ARCHITECTURES:
        raise JailError(f"no table of system calls for {machine}")
    known = numbers.table(machine)
    answers: dict[str, int | Rule] = dict.fromkeys(NAMES[profile], ALLOW)
    answers |= dict.fromkeys(ABSENT, ENOSYS)
    answers |= RULES[profile]
    calls = [(known[name], answer) for name, answer in answers.items() if name in known]
    return assemble(numbers.ARCHITECTURES[machine], numbers.KNOWN_MAX, calls)
