"""Runs guests: a fresh store and instance a call, behind our own linker.

Rules (each holds off a failure seen with wasmtime-py 50, see tests/security/test_wasm_pitfalls.py):
0. An instance serves one call, or later ones of the same tenant, installation and release.
1. Host functions never raise: an exception crosses threads, a BaseException kills the process.
2. Only what the guest needs is defined; files, sockets, sleep and stdio trap by construction.
3. A store stays on one thread; our own instances are made one at a time (two at once are slower).
4. The epoch counts wall time, so its callback asks for CPU time before it stops one.
"""

import ctypes
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from msgspec import Struct
from wasmtime import Store, WasmtimeError
from wasmtime import _ffi as ffi

from hyperpersonal_runtime.wasm import values
from hyperpersonal_runtime.wasm.door import CHECK_TICKS, NO_FINALIZER, Door, GuestCalls
from hyperpersonal_runtime.wasm.engine import Ticker, load, make_engine
from hyperpersonal_runtime.wasm.shapes import HOST

__all__ = ["HOST", "Guest", "GuestCalls", "GuestEnd", "Instance", "Machine"]

INSTANCES_MAX, TABLES_MAX, TABLE_ELEMENTS_MAX = 64, 32, 20_000
MEMORIES_MAX = 3  # QuickJS has one, and two of a few pages for its linking


class GuestEnd(Struct, frozen=True):
    """How a call ended: `trap` set, or `case` '' with the answer in `text`, or a failure case."""

    case: str
    text: str
    trap: str
    instantiate_ms: float
    call_ms: float


class Instance:
    """One guest memory. `calls` it served, `born` by the monotonic clock in seconds."""

    __slots__ = ("born", "calls", "function", "guest", "store")

    def __init__(self, guest: "Guest", store: Store) -> None:
        self.guest = guest
        self.store = store
        self.function: Any = None
        self.calls = 0
        self.born = time.monotonic()

    def close(self) -> None:
        self.store.close()


class Machine:
    """What all guests of a worker share: one engine, its ticker, the door."""

    def __init__(self) -> None:
        self.engine = make_engine()
        self.ticker = Ticker(self.engine)
        self.door = Door()
        self.lock = threading.Lock()


class Guest:
    """A compiled component, ready to run calls on any thread.

    Args:
        machine_code: a file that `precompile` wrote on this host.
        machine: of the other guests of this process; one of its own when left out.
        foreign: built by a plugin's author, so that code of theirs runs while it is instantiated:
            that one waits for nobody, and nobody for it.
    """

    def __init__(
        self, machine_code: Path, machine: Machine | None = None, *, foreign: bool = False
    ) -> None:
        self._machine = machine or Machine()
        self._foreign = foreign
        self._component = load(self._machine.engine, machine_code)
        self._linker = self._machine.door.linker(self._machine.engine, self._component)
        handle = self._component.get_export_index("handle")
        assert handle is not None, "the component exports no handle"
        self._handle = handle

    def run(self, text: str, calls: GuestCalls, memory_bytes: int, output_bytes: int) -> GuestEnd:
        """One call in a fresh instance on this thread; the instance is gone when it returns."""
        instance = self.open(memory_bytes)
        try:
            return self.run_in(instance, text, calls, output_bytes)
        finally:
            instance.close()

    def open(self, memory_bytes: int) -> Instance:
        """An instance for `run_in`; whoever opens it closes it, after a trap at once."""
        return Instance(self, self._store(memory_bytes))

    def make(self, instance: Instance, calls: GuestCalls) -> bool:
        """Instantiate it ahead of its first call, on this thread; whether that went well."""
        self._machine.door.current.calls = calls
        try:
            with self._machine.ticker:
                self._instantiate(instance)
        except WasmtimeError:
            return False
        finally:
            self._machine.door.current.calls = None
        return True

    def run_in(
        self, instance: Instance, text: str, calls: GuestCalls, output_bytes: int
    ) -> GuestEnd:
        """One call in this instance, on this thread."""
        self._machine.door.current.calls = calls
        started = made = time.perf_counter()
        with self._machine.ticker:
            try:
                self._prepare(instance)
                made = time.perf_counter()
                case, answer = _call(instance.store, instance.function, text, output_bytes)
                trap = ""
            except (WasmtimeError, values.ValueShapeError, UnicodeDecodeError) as error:
                case, answer, trap = "", "", str(error).strip().rpartition("\n")[2] or "trap"
            finally:
                self._machine.door.current.calls = None
        ended = time.perf_counter()
        return GuestEnd(case, answer, trap, (made - started) * 1e3, (ended - made) * 1e3)

    def _prepare(self, instance: Instance) -> None:
        instance.store.set_epoch_deadline(CHECK_TICKS)
        instance.calls += 1
        if instance.function is None:
            self._instantiate(instance)

    def _instantiate(self, instance: Instance) -> None:
        instance.store.set_epoch_deadline(CHECK_TICKS)
        with nullcontext() if self._foreign else self._machine.lock:
            raw = self._linker.instantiate(instance.store, self._component)
        instance.function = raw.get_func(instance.store, self._handle)

    def _store(self, memory_bytes: int) -> Store:
        store = Store(self._machine.engine)
        store.set_limits(
            memory_size=memory_bytes,
            table_elements=TABLE_ELEMENTS_MAX,
            instances=INSTANCES_MAX,
            tables=TABLES_MAX,
            memories=MEMORIES_MAX,
        )
        ffi.wasmtime_store_epoch_deadline_callback(
            store.ptr(), self._machine.door.epoch, None, NO_FINALIZER
        )
        return store


def _call(store: Store, function: Any, text: str, output_bytes: int) -> tuple[str, str]:
    argument, result = values.Val(), values.Val()
    values.put_string(argument, text)
    error = ffi.wasmtime_component_func_call(
        ctypes.byref(function._func),
        store._context(),
        ctypes.byref(argument),
        1,
        ctypes.byref(result),
        1,
    )
    ffi.wasmtime_component_val_delete(ctypes.byref(argument))
    if error:
        raise WasmtimeError._from_ptr(error)
    try:
        return values.get_result(result, output_bytes)
    finally:
        ffi.wasmtime_component_val_delete(ctypes.byref(result))
