"""The program of a native plugin's process: `main.py FD ENTRY FOLDER…`, started behind the wall.

Everything that is not the plugin's is set before its first line runs: no environment, nothing on
standard input, its own folders behind the standard library, threads with small stacks.
"""

import asyncio
import ctypes
import importlib.util
import sys
import sysconfig
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

THREADS_MAX = 32
STACK_BYTES = 1 << 20  # the address space is limited: the system's 8 MiB a thread would fill it
M_ARENA_MAX = -8  # mallopt(3); each arena reserves 64 MiB of addresses


def _find_sdk() -> None:
    """Make `hyperpersonal_sdk` importable, and nothing that lies beside it."""
    folder = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        "hyperpersonal_sdk", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None, folder
    assert spec.loader is not None, folder
    module = importlib.util.module_from_spec(spec)
    sys.modules["hyperpersonal_sdk"] = module
    spec.loader.exec_module(module)


def _set_paths(folders: list[str]) -> None:
    """The standard library, then the plugin's own folders."""
    names = ("stdlib", "platstdlib")
    library = {Path(sysconfig.get_path(name)) for name in names}
    dynamic = Path(sysconfig.get_path("platstdlib")) / "lib-dynload"
    sys.path[:] = [*map(str, library), str(dynamic), *folders]
    sys.path_importer_cache.clear()


class Process:
    """All calls of one process, many at once, on one loop."""

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        from hyperpersonal_sdk.native.call import Call
        from hyperpersonal_sdk.native.line import Line

        self._calls: dict[int, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(THREADS_MAX, "hook")
        self._line = Line(fd, loop, self._on_frame)
        self._plugin: Any = None

    def load(self, entry: str) -> None:
        """Import the plugin and say hello: with '' or with why it cannot run."""
        from hyperpersonal_sdk.guest.walls import traceback_text
        from hyperpersonal_sdk.native.wire import HELLO

        try:
            self._plugin = _plugin_of(entry)
        except BaseException as error:  # whatever an import does
            self._line.send([HELLO], traceback_text(error))
        else:
            self._line.send([HELLO])

    def _on_frame(self, header: list[Any], body: str) -> None:
        from hyperpersonal_sdk.native import wire

        kind, *rest = header
        if kind == wire.PING:
            self._line.send([wire.PONG, *rest])
        elif kind == wire.BEGIN:
            self._begin(body, *rest)
        elif (call := self._calls.get(rest[0])) is None:
            return  # it has ended meanwhile
        elif kind == wire.ANSWER:
            call.answered(rest[1], body)
        else:
            call.stop()

    def _begin(self, payload: str, number: int, hook: str, seed: str, limits: list[int]) -> None:
        from hyperpersonal_sdk.native.call import Call

        names = ("deadline_ms", "cpu_ms", "bytes_max", "log_lines")
        asked = dict(zip(names, limits, strict=True))
        call = Call(self._line.send, number, hook, payload, seed=bytes.fromhex(seed), **asked)
        self._calls[number] = call
        task = asyncio.get_running_loop().create_task(self._run(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, call: Any) -> None:
        from hyperpersonal_sdk.native.wire import DONE

        case, text = await call.run(self._plugin, self._threads)
        del self._calls[call.number]
        self._line.send([DONE, call.number, case, call.cpu_ns / 1e6, call.logs], text)


def _plugin_of(entry: str) -> Any:
    from hyperpersonal_sdk.authoring import Plugin

    module = importlib.import_module(entry)
    found = {id(value): value for value in vars(module).values() if isinstance(value, Plugin)}
    if len(found) != 1:
        raise ValueError(f"{entry} must bind one plugin at top level, it binds {len(found)}")
    return next(iter(found.values()))


def _say_to_the_log() -> None:
    """`print` and `sys.stderr` are log lines of the call that says them."""
    from hyperpersonal_sdk.native.said import Said

    sys.stdout, sys.stderr = Said("info"), Said("error")


def main(fd: int, entry: str, folders: list[str]) -> None:
    """Serve the host until it hangs up."""
    ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
    threading.stack_size(STACK_BYTES)
    _set_paths(folders)
    _find_sdk()
    from hyperpersonal_sdk.native.repeat import make_repeatable

    make_repeatable()
    _say_to_the_log()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    process = Process(fd, loop)
    loop.call_soon(process.load, entry)
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):  # a task of the plugin's own; the calls go on
            continue


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
