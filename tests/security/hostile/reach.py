"""Plugins that reach for what is around the sandbox: files, environment, processes, devices."""

from security.hostile.attack import Attack, agent, call

NOTHING = call("trapped", "")


def reaches(name: str, *tries: str, words: str = "", head: str = "") -> Attack:
    """Each of the expressions is tried; the first that gives anything has escaped."""
    lambdas = ", ".join(f"lambda: {expression}" for expression in tries)
    return agent(f"reach: {name}", "what is around the sandbox", f"return first_of({lambdas})",
                 call("trapped", words), head=head)  # fmt: skip


def falls(name: str, expression: str, words: str = "") -> Attack:
    """Reaching for it ends the guest itself."""
    return reaches(name, expression, words=words)


IMPORT_OS = "import os, io, sys"

ATTACKS = [
    reaches("a file by open", "open('/etc/passwd').read()", words="PermissionError"),
    reaches(
        "a file by io",
        "io.open('/etc/passwd').read()",
        "io.FileIO('/etc/passwd').read()",
        head=IMPORT_OS,
    ),
    reaches(
        "a file below the walls",
        "__import__('_io').open('/etc/passwd').read()",
        "__import__('posix').open('/etc/passwd', 0)",
        words="FileNotFoundError",
    ),
    reaches(
        "the host's environment by its file",
        "__import__('_io').open('/proc/self/environ')",
        "__import__('_io').open('/proc/1/environ')",
        words="FileNotFoundError",
    ),
    reaches(
        "the tree of files",
        "os.listdir('/')",
        "os.listdir('.')",
        "list(os.scandir('..'))",
        "list(os.walk('/'))[0]",
        "os.stat('/etc')",
        "os.readlink('/proc/self/exe')",
        head=IMPORT_OS,
        words="FileNotFoundError",
    ),
    reaches("the folder it runs in", "os.listdir(os.getcwd())", head=IMPORT_OS),
    reaches(
        "writing a file",
        "os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)",
        "os.mkdir('/tmp/y')",
        "os.rename('/a', '/b')",
        "os.remove('/etc/passwd')",
        "os.symlink('/etc', '/tmp/z')",
        head=IMPORT_OS,
    ),
    reaches(
        "the environment",
        "os.environ['PATH']",
        "os.environ['HOME']",
        "next(iter(os.environ.items()))",
        "os.environb[b'PATH']",
        head=IMPORT_OS,
    ),
    reaches("the arguments", "sys.argv[1]", "sys.orig_argv[1]", head=IMPORT_OS),
    reaches(
        "the terminal",
        "input()",
        "sys.stdin.readline()",
        "os.read(0, 10)",
        "sys.__stdin__.readline()",
        head=IMPORT_OS,
    ),
    falls("a socket", "__import__('socket').create_connection(('127.0.0.1', 5432))"),
    falls("a socket below the walls", "__import__('_socket').socket()"),
    falls("a name of the network", "__import__('_socket').getaddrinfo('localhost', 80)"),
    reaches(
        "a child",
        "os.fork()",
        "os.spawnv(0, '/bin/sh', ['sh'])",
        "os.posix_spawn('/bin/sh')",
        "__import__('subprocess').run(['id'])",
        "os.execv('/bin/sh', ['sh'])",
        "os.system('id')",
        "os.popen('id').read()",
        head=IMPORT_OS,
    ),
    reaches(
        "other processes",
        "os.kill(1, 9)",
        "os.killpg(1, 9)",
        "os.getppid()",
        "os.waitpid(-1, 0)",
        "os.setuid(0)",
        head=IMPORT_OS,
    ),
    reaches("a signal", "__import__('signal').raise_signal(9)", "__import__('_signal').alarm(1)"),
    reaches(
        "a thread",
        "__import__('_thread').start_new_thread(print, ())",
        "__import__('threading').Thread(target=print).start()",
    ),
    reaches(
        "native code",
        "__import__('ctypes').CDLL(None)",
        "__import__('_ctypes')",
        "__import__('mmap').mmap(-1, 1)",
        "__import__('_imp').load_dynamic('x', '/x.so')",
    ),
    reaches(
        "a module that is not there",
        "__import__('sqlite3')",
        "load('asyncio')",
        "load('multiprocessing')",
        "load('pip')",
        head="from importlib import import_module as load",
    ),
    reaches(
        "the host's own packages",
        "__import__('hyperpersonal_runtime')",
        "__import__('hyperpersonal_core')",
        "__import__('wasmtime')",
        "__import__('msgspec')",
    ),
    agent(
        "reach: the ABI itself, past the SDK",
        "a call without a grant",
        "from wit_world.imports import host as raw\nreturn raw.call('kv.get', '{\"key\":\"x\"}')",
        call("trapped", "not granted: kv:SIZE"),
    ),
    agent(
        "reach: frames of the guest's own loop",
        "another way to the host",
        """
        import sys
        frame = sys._getframe()
        while frame.f_code.co_name != "handle":
            frame = frame.f_back
        return frame.f_globals["host"].call("knowledge.search", '{"query":"x"}')
        """,
        call("trapped", "not granted: knowledge:read"),
    ),
    agent(
        "reach: what others left in memory",
        "a neighbour's words",
        """
        import gc
        found = [o for o in gc.get_objects() if "CANARY" + chr(45) in repr(o)[:5000]]
        raise ValueError(f"{len(found)} objects")
        """,
        call("trapped", "0 objects"),
    ),
    agent(
        "reach: fresh memory",
        "what the last guest left there",
        """
        import array
        for n in range(1, 40):
            if b"CANARY" + bytes([45]) in bytes(bytearray(n << 16)):
                return "STOLEN"
        raise ValueError("all zeros")
        """,
        call("trapped", "all zeros"),
    ),
]
