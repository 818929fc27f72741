"""Run inside a jail: tries to get out of it, and prints what came of each attempt as JSON.

Standard library only. An attempt's result is the name of the errno that refused it, or `worked`.
Raw system calls carry arguments that a kernel which looked at them would answer otherwise
(EFAULT, EINVAL, EBADF): EPERM and ENOSYS mean that the filter answered first.
"""

import ctypes
import errno
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
BAD = 1 << 20  # neither a file number nor an address
AT_FDCWD = -100
# x86_64. Calls that no profile has; each with BAD arguments.
NUMBERS = {
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "process_madvise": 440,
    "process_mrelease": 448, "kcmp": 312, "pidfd_send_signal": 424, "pidfd_getfd": 438,
    "kill": 62, "tkill": 200, "tgkill": 234, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
    "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "setns": 308, "unshare": 272,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "move_mount": 429,
    "open_tree": 428, "mount_setattr": 442, "name_to_handle_at": 303, "open_by_handle_at": 304,
    "keyctl": 250, "add_key": 248, "request_key": 249, "bpf": 321, "perf_event_open": 298,
    "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246,
    "kexec_file_load": 320, "reboot": 169, "swapon": 167, "swapoff": 168, "syslog": 103,
    "acct": 163, "quotactl": 179, "settimeofday": 164, "clock_settime": 227, "clock_adjtime": 305,
    "adjtimex": 159, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173,
    "modify_ldt": 154, "personality": 135, "vhangup": 153, "uselib": 134, "ustat": 136,
    "_sysctl": 156, "nfsservctl": 180, "lookup_dcookie": 212, "fanotify_init": 300,
    "inotify_init1": 294, "inotify_init": 253, "seccomp": 317, "landlock_create_ruleset": 444,
    "landlock_restrict_self": 446, "memfd_secret": 447, "mq_open": 240, "shmget": 29, "shmat": 30,
    "semget": 64, "msgget": 68, "mlock": 149, "mlockall": 151, "mbind": 237, "set_mempolicy": 238,
    "migrate_pages": 256, "move_pages": 279, "setuid": 105, "setgid": 106, "setreuid": 113,
    "setresuid": 117, "setresgid": 119, "setgroups": 116, "setfsuid": 122, "capset": 126,
    "capget": 125, "setpriority": 141, "ioprio_set": 251, "sched_setscheduler": 144,
    "sched_setattr": 314, "setrlimit": 160, "get_robust_list": 274, "execveat": 322,
    "connect": 42, "bind": 49, "listen": 50, "accept": 43, "accept4": 288, "sendmsg": 46,
    "recvmsg": 47, "sendmmsg": 307, "setsockopt": 54, "splice": 275, "tee": 276, "vmsplice": 278,
    "mknod": 133, "mknodat": 259, "truncate": 76, "chown": 92, "lchown": 94, "fchown": 93,
    "fchownat": 260, "utime": 132, "utimes": 235, "futimesat": 261, "setxattr": 188,
    "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "getxattr": 191, "listxattr": 194,
    "remap_file_pages": 216, "timer_create": 222, "signalfd4": 289, "pkey_mprotect": 329,
    "futex_waitv": 449, "cachestat": 451, "map_shadow_stack": 453, "statmount": 457,
    "listmount": 458, "lsm_set_self_attr": 460, "mseal": 462,
}  # fmt: skip
ABSENT = {"x32 getpid": 0x40000000 | 39, "x32 execve": 0x40000000 | 520, "no such call": 9_999,
          "io_uring of x32": 0x40000000 | 425, "clone3": 435, "openat2": 437, "close_range": 436,
          "pidfd_open": 434, "copy_file_range": 326}  # fmt: skip
NOT_FOR_PLUGINS = {"execve": 59, "fork": 57, "vfork": 58, "wait4": 61, "memfd_create": 319,
                   "chmod": 90, "fchmodat": 268, "utimensat": 280, "link": 86, "symlink": 88,
                   "setsid": 112}  # fmt: skip
NOT_FOR_WORKERS = {"unlink": 87, "rename": 82, "mkdir": 83, "rmdir": 84, "ftruncate": 77,
                   "socketpair": 53, "pipe2": 293, "epoll_create1": 291}  # fmt: skip
MADE = "made-by-an-escape"  # nobody else's name for a file
FAMILIES = {"inet": 2, "inet6": 10, "unix": 1, "netlink": 16, "packet": 17, "vsock": 40,
            "bluetooth": 31, "alg": 38, "xdp": 44}  # fmt: skip


def raw(number: int, *words: int) -> int:
    given = [ctypes.c_long(word) for word in words or (BAD,) * 6]
    result = int(LIBC.syscall(ctypes.c_long(number), *given))
    if result < 0:
        raise OSError(ctypes.get_errno(), str(number))
    return result


def read(path: str) -> Callable[[], object]:
    def attempt() -> None:
        if not os.read(os.open(path, os.O_RDONLY), 1):
            raise OSError(errno.ENOENT, f"{path} is empty")  # something lies over it

    return attempt


def write(path: str, flags: int = 0) -> Callable[[], object]:
    return lambda: os.open(path, os.O_WRONLY | flags)


def calls(profile: str) -> dict[str, Callable[[], object]]:
    numbers = dict(NUMBERS) | ABSENT
    if profile != "builder":
        numbers |= NOT_FOR_PLUGINS
    if profile == "worker":
        numbers |= NOT_FOR_WORKERS
    return {name: lambda number=number: raw(number) for name, number in numbers.items()}


def flags(lane: int, outside: int) -> dict[str, Callable[[], object]]:
    """Calls that are allowed with other arguments."""
    sigchld, newuser, thread, vm = 17, 0x10000000, 0x10000, 0x100
    address = ctypes.addressof(ctypes.create_string_buffer(16))
    return {
        "clone a user namespace": lambda: raw(56, newuser | sigchld, 0, 0, 0, 0),
        "clone a thread in a network namespace": lambda: raw(56, thread | vm | 0x40000000, 0),
        "fcntl F_SETOWN": lambda: raw(72, lane, 8, outside),
        "fcntl F_SETSIG": lambda: raw(72, lane, 10, 9),
        "fcntl F_NOTIFY": lambda: raw(72, lane, 1026, 1),
        "ioctl TIOCSTI": lambda: raw(16, 2, 0x5412, address),
        "ioctl TIOCSCTTY": lambda: raw(16, 2, 0x540E, 0),
        "ioctl FIOASYNC": lambda: raw(16, lane, 0x5452, address),
        "prctl PR_SET_DUMPABLE": lambda: raw(157, 4, 1),
        "prctl PR_CAP_AMBIENT": lambda: raw(157, 47, 2, 0),
        "prctl PR_SET_MM": lambda: raw(157, 35, 1, 0),
        "prctl PR_SET_PDEATHSIG": lambda: raw(157, 1, 0),
        "prctl PR_SET_SECCOMP": lambda: raw(157, 22, 2, 0),
        "limits of another process": lambda: raw(302, outside, 7, 0, address),
        "send to an address": lambda: raw(44, lane, address, 1, 0, address, 16),
        "affinity of another process": lambda: raw(203, outside, 8, address),
        "socketpair of inet": lambda: socket.socketpair(socket.AF_INET),
    }


def files(spec: dict[str, Any]) -> dict[str, Callable[[], object]]:
    pid, secret = spec["outside"], spec["secret"]
    unreadable = ["/etc/shadow", "/etc/passwd", "/etc/hostname", secret, "/root" + "/.bashrc",
                  f"/proc/{pid}/environ", f"/proc/{pid}/mem", f"/proc/{pid}/maps",
                  f"/proc/{pid}/fd/0", f"/proc/{pid}/root/etc/shadow", f"/proc/{pid}/cwd",
                  "/sys/kernel/mm", "/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/tty",
                  "/dev/ptmx", "/dev/shm", "/run/docker.sock", "/var/log", "/home", "/boot",
                  "/bin/sh", "/usr/bin/env", "/proc/kcore", "/proc/keys", "/proc/kallsyms",
                  "/proc/self/root/../etc/shadow", "/lib/../etc/passwd"]  # fmt: skip
    unwritable = [secret, __file__, "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
                  sys.executable, os.__file__, "/sys/fs/cgroup/cgroup.procs"]  # fmt: skip
    folders = ["/", "/usr", "/lib", "/etc", "/dev", "/dev/shm", "/proc", "/var/tmp", "/home",
               os.path.dirname(__file__), os.path.dirname(os.__file__)]  # fmt: skip
    if not spec["scratch"]:
        folders.append("/tmp")
    made = {f"create in {folder}": write(f"{folder}/{MADE}", os.O_CREAT) for folder in folders}
    return (
        {f"read {path}": read(path) for path in unreadable}
        | {f"write {path}": write(path) for path in unwritable}
        | made
        | {"list outside": lambda: os.listdir(os.path.dirname(secret))}
    )


def network(spec: dict[str, Any]) -> dict[str, Callable[[], object]]:
    kinds = {"stream": 1, "datagram": 2, "raw": 3}
    sockets = {
        f"{kind} socket of {name}": lambda number=number, type_=type_: raw(41, number, type_, 0)
        for name, number in FAMILIES.items()
        for kind, type_ in kinds.items()
    }
    return sockets | {
        "connect to the host": lambda: socket.create_connection(("127.0.0.1", spec["port"]), 1),
        "connect to metadata": lambda: socket.create_connection(("169.254.169.254", 80), 1),
        "look a name up": lambda: socket.getaddrinfo("example.com", 80),
    }


def outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except socket.gaierror:
        return "EPERM"  # the resolver could not even make a socket: its error has its own numbers
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "worked"


def open_files() -> list[int]:
    found = []
    for number in range(1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found


def seen(spec: dict[str, Any]) -> dict[str, Any]:
    """What the process can know of itself and the machine."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        environment = Path("/proc/self/environ").read_text()
    except OSError:
        pids, environment = [], ""
    return {
        "files": open_files(),
        "environment": dict(os.environ),
        "born with": environment,
        "pids": pids,
        "uid": os.getuid(),
        "argv": [word for word in sys.argv if "secret" in word],
        "host": os.uname().nodename,
    }


def main(spec: dict[str, Any]) -> None:
    attempts = (
        calls(spec["profile"])
        | (flags(spec["lane"], spec["outside"]) if spec["profile"] != "builder" else {})
        | files(spec)
        | network(spec)
    )
    only = spec["only"] or attempts
    told = {name: outcome(attempts[name]) for name in only}
    print(json.dumps({"seen": seen(spec), "attempts": told}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
