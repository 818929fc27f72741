"""Runs the shared guest: a fresh store and instance a call, behind our own linker.

Rules (each holds off a failure seen with wasmtime-py 50, see tests/security/test_wasm_pitfalls.py):
0. An instance serves one call, or later ones of the same tenant, installation and release.
1. Host functions never raise: an exception crosses threads, a BaseException kills the process.
2. Only what the guest needs is defined; files, sockets, sleep and stdio trap by construction.
3. A store stays on one thread; instances are made one at a time (two at once are slower).
4. The epoch counts wall time, so its callback asks for CPU time before it stops one.
"""

import ctypes
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from wasmtime import Store, WasmtimeError, _bindings
from wasmtime import _ffi as ffi
from wasmtime.component import Linker, LinkerInstance, Record

from hyperpersonal_runtime.wasm import values
from hyperpersonal_runtime.wasm.engine import Ticker, load, make_engine

T = TypeVar("T")
HOST = "hyper:plugin/host@1.0.0"
CHECK_TICKS = 4
ARGS, RESULTS = 3, 5  # where a component callback finds them (wasmtime/component/func.h)
INSTANCES_MAX, TABLES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX = 64, 32, 1, 20_000
RANDOM_BYTES_MAX = 65_536
_NO_FINALIZER = ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p))
_EpochCallback: Any = _bindings._wasmtime_store_epoch_deadline_callback.argtypes[1]


class GuestCalls(Protocol):
    """What one call of the guest may reach. Nothing here may raise."""

    def host_call(self, name: str, payload: str) -> tuple[str, str]:
        """('', JSON) or (failure case, message)."""
        ...

    def log(self, level: str, text: str) -> None: ...
    def clock_ns(self) -> int: ...
    def random_bytes(self, count: int) -> bytes: ...
    def why_stop(self) -> str:
        """'' to go on, else why the guest is stopped now."""
        ...

    @property
    def payload_bytes_max(self) -> int: ...


class GuestEnd(Struct, frozen=True):
    """How a call ended: `trap` set, or `case` '' with the answer in `text`, or a failure case."""

    case: str
    text: str
    trap: str
    instantiate_ms: float
    call_ms: float


class Instance:
    """One guest memory. `calls` it served, `born` by the monotonic clock in seconds."""

    __slots__ = ("born", "calls", "function", "store")

    def __init__(self, store: Store) -> None:
        self.store = store
        self.function: Any = None
        self.calls = 0
        self.born = time.monotonic()

    def close(self) -> None:
        self.store.close()


class Guest:
    """The compiled component, ready to run calls on any thread."""

    def __init__(self, machine_code: Path) -> None:
        self._engine = make_engine()
        self._component = load(self._engine, machine_code)
        self._ticker = Ticker(self._engine)
        self._current = threading.local()
        self._lock = threading.Lock()
        self._callbacks = [self._host_call(), self._log(), self._epoch(), _nothing()]
        self._linker = self._make_linker()
        handle = self._component.get_export_index("handle")
        assert handle is not None, "the component exports no handle"
        self._handle = handle

    def run(self, text: str, calls: GuestCalls, memory_bytes: int, output_bytes: int) -> GuestEnd:
        """One call in a fresh instance on this thread; the instance is gone when it returns."""
        instance = Instance(self._store(memory_bytes))
        try:
            return self.run_in(instance, text, calls, output_bytes)
        finally:
            instance.close()

    def open(self, memory_bytes: int) -> Instance:
        """An instance for `run_in`; whoever opens it closes it, after a trap at once."""
        return Instance(self._store(memory_bytes))

    def make(self, instance: Instance, calls: GuestCalls) -> bool:
        """Instantiate it ahead of its first call, on this thread; whether that went well."""
        self._current.calls = calls
        try:
            with self._ticker:
                self._instantiate(instance)
        except WasmtimeError:
            return False
        finally:
            self._current.calls = None
        return True

    def run_in(
        self, instance: Instance, text: str, calls: GuestCalls, output_bytes: int
    ) -> GuestEnd:
        """One call in this instance, on this thread."""
        self._current.calls = calls
        started = made = time.perf_counter()
        with self._ticker:
            try:
                self._prepare(instance)
                made = time.perf_counter()
                case, answer = _call(instance.store, instance.function, text, output_bytes)
                trap = ""
            except (WasmtimeError, values.ValueShapeError, UnicodeDecodeError) as error:
                case, answer, trap = "", "", str(error).strip().rpartition("\n")[2] or "trap"
            finally:
                self._current.calls = None
        ended = time.perf_counter()
        return GuestEnd(case, answer, trap, (made - started) * 1e3, (ended - made) * 1e3)

    def _prepare(self, instance: Instance) -> None:
        instance.store.set_epoch_deadline(CHECK_TICKS)
        instance.calls += 1
        if instance.function is None:
            self._instantiate(instance)

    def _instantiate(self, instance: Instance) -> None:
        instance.store.set_epoch_deadline(CHECK_TICKS)
        with self._lock:
            raw = self._linker.instantiate(instance.store, self._component)
        instance.function = raw.get_func(instance.store, self._handle)

    def _store(self, memory_bytes: int) -> Store:
        store = Store(self._engine)
        store.set_limits(
            memory_size=memory_bytes,
            table_elements=TABLE_ELEMENTS_MAX,
            instances=INSTANCES_MAX,
            tables=TABLES_MAX,
            memories=MEMORIES_MAX,
        )
        ffi.wasmtime_store_epoch_deadline_callback(
            store.ptr(), self._callbacks[2], None, _NO_FINALIZER
        )
        return store

    def _make_linker(self) -> Linker:
        linker = Linker(self._engine)
        with linker.root() as root:
            with root.add_instance(HOST) as host:
                _add_raw(host, "call", self._callbacks[0])
                _add_raw(host, "log", self._callbacks[1])
            with root.add_instance("wasi:cli/environment@0.2.9") as environment:
                _add_raw(environment, "get-environment", self._callbacks[3])
                _add_raw(environment, "get-arguments", self._callbacks[3])
                environment.add_func("initial-cwd", lambda _: None)
            with root.add_instance("wasi:random/random@0.2.9") as random:
                random.add_func("get-random-bytes", self._random_bytes)
                random.add_func(
                    "get-random-u64", lambda _: int.from_bytes(self._random_bytes(_, 8), "big")
                )
            with root.add_instance("wasi:clocks/wall-clock@0.2.9") as wall:
                wall.add_func("now", lambda _: _instant(self._clock_ns()))
                wall.add_func("resolution", lambda _: _instant(1))
            with root.add_instance("wasi:clocks/monotonic-clock@0.2.9") as monotonic:
                monotonic.add_func("now", lambda _: self._clock_ns())
                monotonic.add_func("resolution", lambda _: 1)
            with root.add_instance("wasi:filesystem/preopens@0.2.9") as preopens:
                preopens.add_func(
                    "get-directories", lambda _: []
                )  # no folder: every path is absent
        linker.define_unknown_imports_as_traps(self._component)
        return linker

    def _host_call(self) -> Any:
        def raw(*passed: Any) -> int:
            args, results = passed[ARGS], passed[RESULTS]
            try:
                values.put_answer(results[0], *self._answer(args))
            except BaseException:  # rule 1; nothing was written yet
                values.put_failure(results[0], "failed", "the host could not serve this call")
            return 0

        return ffi.wasmtime_component_func_callback_t(raw)

    def _answer(self, args: Any) -> tuple[str, str]:
        calls: GuestCalls = self._current.calls
        size = values.string_bytes(args[1])
        if values.string_bytes(args[0]) > 100 or size > calls.payload_bytes_max:
            return (
                "limit",
                f"a request has at most {calls.payload_bytes_max} bytes, this has {size}",
            )
        return calls.host_call(values.get_string(args[0]), values.get_string(args[1]))

    def _log(self) -> Any:
        def raw(*passed: Any) -> int:
            args = passed[ARGS]
            try:
                level = args[0].of.enumeration
                if values.string_bytes(args[1]) <= 65_536:
                    name = ctypes.string_at(level.data, level.size).decode()
                    self._current.calls.log(name, values.get_string(args[1]))
            except BaseException:  # rule 1: a lost line is better than a lost process
                return 0
            return 0

        return ffi.wasmtime_component_func_callback_t(raw)

    def _epoch(self) -> Any:
        def raw(_context: Any, _data: Any, delta: Any, kind: Any) -> int:
            try:
                reason = str(self._current.calls.why_stop())
            except BaseException:  # rule 1
                reason = "the host lost its meter"
            if not reason:
                delta[0] = CHECK_TICKS
                kind[0] = 0  # continue
                return 0
            error = ffi.wasmtime_error_new(ctypes.create_string_buffer(reason.encode()))
            return ctypes.cast(error, ctypes.c_void_p).value or 0

        return _EpochCallback(raw)

    def _random_bytes(self, _store: Any, count: int) -> bytes:
        return self._quietly(lambda calls: calls.random_bytes(min(count, RANDOM_BYTES_MAX)), b"")

    def _clock_ns(self) -> int:
        return self._quietly(lambda calls: calls.clock_ns(), 0)

    def _quietly(self, ask: Callable[[GuestCalls], T], otherwise: T) -> T:
        try:
            return ask(self._current.calls)
        except BaseException:  # rule 1
            return otherwise


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


def _add_raw(instance: LinkerInstance, name: str, callback: Any) -> None:
    """Define a host function without wasmtime-py's own wrapper and its global last exception."""
    data = name.encode()
    error = ffi.wasmtime_component_linker_instance_add_func(
        instance.ptr(), ctypes.create_string_buffer(data), len(data), callback, None, _NO_FINALIZER
    )
    if error:
        raise WasmtimeError._from_ptr(error)


def _nothing() -> Any:
    """A host function that answers with an empty list."""

    def raw(*passed: Any) -> int:
        values.put_empty_list(passed[RESULTS][0])
        return 0

    return ffi.wasmtime_component_func_callback_t(raw)


def _instant(nanoseconds: int) -> Record:
    record = Record()
    record.__dict__["seconds"], record.__dict__["nanoseconds"] = divmod(nanoseconds, 10**9)
    return record
