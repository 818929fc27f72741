"""Native plugins behind the jail alone: system calls by ctypes, files, processes, other tenants'
processes and environments. (How each single wall holds is probed in tests/security/jail.)
"""

from typing import Any

from security.hostile.attack import SITE_WRITE, Attack, Refusal, agent, call

PROCESS = "[runtime]\nkind = 'process'\n"
SHORT = "[limits]\ndeadline_ms = 1500\n"
HEAD = """
import asyncio, ctypes, errno, os, signal, socket, subprocess, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)


def system(number, *arguments):
    \"\"\"A system call by its number on x86_64.\"\"\"
    done = libc.syscall(number, *arguments) if os.uname().machine == "x86_64" else -1
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def named(function, *arguments):
    \"\"\"A function of the C library that is a system call.\"\"\"
    done = getattr(libc, function)(*arguments)
    if done in (-1, None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done
"""


def native(name: str, tries: str, body: str, refused: Refusal, *asks: str, **more: Any) -> Attack:
    """An agent of the kind process; `reply` is a coroutine."""
    made = agent(f"native: {name}", tries, body, refused, *asks, head=HEAD,
                 more=PROCESS + more.pop("more", ""), **more)  # fmt: skip
    source = made.files["hello.py"].replace(b"\ndef reply(", b"\nasync def reply(")
    return Attack(**{f: getattr(made, f) for f in made.__struct_fields__} | {
        "files": {"hello.py": source}})  # fmt: skip


def reaches(name: str, *tries: str, words: str = "") -> Attack:
    """Each is tried; the first that gives anything has escaped."""
    lambdas = ", ".join(f"lambda: {expression}" for expression in tries)
    return native(name, "the machine", f"return first_of({lambdas})", call("trapped", words))


ATTACKS = [
    reaches("files of the machine", "open('/etc/shadow').read()", "open('/etc/passwd').read()",
            "os.listdir('/home')", "os.listdir('/var')", "os.listdir('/run')",
            "os.listdir('/opt')", "os.listdir('/mnt')"),
    reaches("the host's environment",
            "[k for k in os.environ if k[:3] in ('HP_', 'HOM', 'PAT')][0]",
            "['it' for p in ('1', 'self')"
            " if b'HOME' in open(f'/proc/{p}/environ', 'rb').read()][0]", words="IndexError"),
    reaches("processes of the machine", "[p for p in os.listdir('/proc') if p.isdigit()][8]"),
    reaches("a child", "os.fork()", "os.posix_spawn('/bin/true', ['true'], {})",
            "subprocess.run(['/bin/true'])", "named('vfork')", "named('fork')",
            "os.execv('/bin/true', ['true'])"),
    reaches("another's memory", "named('ptrace', 0, 0, 0, 0) + 1", "named('ptrace', 16, 1, 0, 0)",
            "named('process_vm_readv', os.getppid(), 0, 0, 0, 0, 0)",
            "open('/proc/1/mem', 'rb').read(1)", "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)"),
    reaches("another root", "named('mount', b'none', b'/tmp', b'tmpfs', 0, None)",
            "named('umount', b'/proc')", "named('chroot', b'/tmp')",
            "named('unshare', 0x10000000)", "named('setns', 3, 0)",
            "named('mount', b'proc', b'/proc', b'proc', 0, None)"),
    reaches("other users", "os.setuid(0) or os.setgid(0) or open('/etc/shadow')",
            "os.setgroups([0])", "named('setresuid', 1, 1, 1)", "os.chown('/tmp', 1, 1)"),
    reaches("the kernel", "system(321, 0, 0, 0)", "system(425, 1, 0)", "system(323, 0)",
            "system(298, 0, 0, -1, -1, 0)", "system(250, 0, 0, 0, 0, 0)", "named('reboot', 0)",
            "named('swapon', b'/x', 0)", "system(175, 0, 0, 0)", "system(246, 0, 0, 0, 0, 0)"),
    reaches("a socket", "socket.socket()", "socket.socket(socket.AF_INET6)",
            "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
            "socket.create_connection(('127.0.0.1', $IN), 1)",
            "named('socket', 1, 1, 0) and socket.socket(socket.AF_UNIX).connect('/run/x')"),
    reaches("a signal to others", "os.kill(-1, 9)", "os.kill(os.getppid(), 9) or 'sent'",
            "os.killpg(0, 9)", "named('tkill', 1, 9)"),
    reaches("writing beside itself", "open(os.path.dirname(__file__) + '/more.py', 'w')",
            "open(sys.modules['hyperpersonal_sdk'].__path__[0] + '/x.py', 'w')",
            "open('/x', 'w')", "os.mkdir('/etc/x')", "os.symlink('/etc', '/usr/x')",
            "os.mknod('/dev/x')", "open(sys.executable, 'ab')"),
    reaches("what the host knows", "__import__('hyperpersonal_runtime')",
            "__import__('hyperpersonal_core')", "__import__('asyncpg')", "__import__('nats')"),
    native("scratch space without end", "the machine's disk", """
        written = 0
        with open("/tmp/fill", "wb") as file:
            while written < 1 << 30:
                written += file.write(bytes(1 << 20))
                file.flush()
        return "filled"
        """, call("trapped", "Error")),
    native("memory without end", "the machine's memory",
           "return str(len([bytearray(1 << 20) for _ in range(4000)]))",
           call("over_limit", "out of memory")),
    native("threads without end", "the machine's processes", """
        held = [threading.Thread(target=time.sleep, args=(30,), daemon=True) for _ in range(5000)]
        for thread in held: thread.start()
        return "STOLEN 5000 threads"
        """, call("trapped", "")),
    native("open files without end", "the machine's files", """
        held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1_000_000)]
        return "STOLEN a million files"
        """, call("trapped", "OSError")),
    native("a crash in C", "the host's supervisor", "ctypes.string_at(0)",
           call("trapped", "workers ended")),
    native("a stack of C", "the host's supervisor", """
        sys.setrecursionlimit(10**9)
        threading.stack_size(1 << 26)
        def deeper(): return deeper()
        return deeper()
        """, call("trapped or timed_out", "")),  # by the end of the stack or of its CPU time
    native("a loop that takes no end", "a core for ever", """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            try: await asyncio.sleep(60)
            except BaseException: pass
        """, call("timed_out", ""), more=SHORT),
    native("a call without a grant", "a right nobody gave", "await host.search('x')",
           call("refused", "not granted: knowledge:read")),
    native("calls without end", "the host's time", "while True: await host.now()",
           call("over_limit", "more than 1000 host calls")),
    native("a nest without end", "the host's stack", """
        from hyperpersonal_sdk.native.call import CURRENT
        deep = '{"key":"a","value":' + '[' * 20000 + ']' * 20000 + '}'
        await host.call("kv.put", key="a", value=json.loads('[' * 400 + ']' * 400))
        """, call("over_limit", "nested at most 64 levels"), "kv:1MiB"),
    native("another tenant's facts", "what is another's",
           "found = (await host.recall('CANARY')).facts\n"
           "raise HostCallFailedError('not-found', f'{len(found)} facts')",
           call("refused", "0 facts"), "memory:contact.read"),
    native("a credential", "what the host alone may hold",
           "answer = await host.fetch('$SITE/whoami')\nraise ValueError(answer.body)",
           call("trapped", "you are nobody"), SITE_WRITE),
    native("what another tenant left in the process", "a channel between tenants", """
        mine = getattr(sys, "left", 0) or os.path.exists("/tmp/left")
        sys.left = 1
        open("/tmp/left", "w").write("x")
        if mine: return "STOLEN"
        raise ValueError("nothing here")
        """, call("trapped", "nothing here"), elsewhere=True),
    native("the folder of environments", "other publishers' code", """
        above = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        others = [n for n in os.listdir(above)] if os.path.isdir(above) else []
        raise ValueError(f"{len([n for n in others if len(n) > 40])} others")
        """, call("trapped", "0 others")),
]  # fmt: skip
