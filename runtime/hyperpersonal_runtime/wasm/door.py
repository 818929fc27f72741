"""The door between a guest and its call: the host functions, and the linker that offers them.

Rules 1, 2 and 4 of `guest` live here. A component gets what it imports by the names of its own
version of WASI; only shapes that `shapes` has checked come this far.
"""

import ctypes
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from wasmtime import Engine, WasmtimeError, _bindings
from wasmtime import _ffi as ffi
from wasmtime.component import Component, Linker, LinkerInstance, Record

from hyperpersonal_runtime.wasm import values
from hyperpersonal_runtime.wasm.shapes import HOST, served_name

T = TypeVar("T")
CHECK_TICKS = 4
ARGS, RESULTS = 3, 5  # where a component callback finds them (wasmtime/component/func.h)
RANDOM_BYTES_MAX = 65_536
NO_FINALIZER = ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p))
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


class Door:
    """The host functions of all guests of a worker; each thread serves one call at a time."""

    def __init__(self) -> None:
        self.current = threading.local()
        self.epoch = self._epoch()
        self._raw = {"call": self._host_call(), "log": self._log(), "nothing": _nothing()}

    def linker(self, engine: Engine, component: Component) -> Linker:
        """What this component may reach, by the names it imports; all else traps."""
        offers: dict[str, Callable[[LinkerInstance], None]] = {
            HOST: self._offer_host,
            "wasi:cli/environment": self._offer_environment,
            "wasi:random/random": self._offer_random,
            "wasi:random/insecure-seed": self._offer_seed,
            "wasi:clocks/wall-clock": self._offer_wall_clock,
            "wasi:clocks/monotonic-clock": self._offer_monotonic_clock,
            "wasi:filesystem/preopens": self._offer_folders,
        }
        linker = Linker(engine)
        with linker.root() as root:
            for name in component.type.imports(engine):
                offer = offers.get(served_name(name))
                if offer is not None:
                    with root.add_instance(name) as instance:
                        offer(instance)
        linker.define_unknown_imports_as_traps(component)
        return linker

    def _offer_host(self, host: LinkerInstance) -> None:
        _add_raw(host, "call", self._raw["call"])
        _add_raw(host, "log", self._raw["log"])

    def _offer_environment(self, environment: LinkerInstance) -> None:
        _add_raw(environment, "get-environment", self._raw["nothing"])
        _add_raw(environment, "get-arguments", self._raw["nothing"])
        environment.add_func("initial-cwd", lambda _: None)

    def _offer_random(self, random: LinkerInstance) -> None:
        random.add_func("get-random-bytes", lambda _, count: self._random_bytes(count))
        random.add_func("get-random-u64", lambda _: self._random_u64())

    def _offer_seed(self, seed: LinkerInstance) -> None:
        for name in ("insecure-seed", "get-insecure-seed"):
            seed.add_func(name, lambda _: (self._random_u64(), self._random_u64()))

    def _offer_wall_clock(self, clock: LinkerInstance) -> None:
        clock.add_func("now", lambda _: _instant(self._clock_ns()))
        clock.add_func("resolution", lambda _: _instant(1))

    def _offer_monotonic_clock(self, clock: LinkerInstance) -> None:
        clock.add_func("now", lambda _: self._clock_ns())
        clock.add_func("resolution", lambda _: 1)

    def _offer_folders(self, folders: LinkerInstance) -> None:
        _add_raw(folders, "get-directories", self._raw["nothing"])  # every path is absent

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
        calls: GuestCalls = self.current.calls
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
                    self.current.calls.log(name, values.get_string(args[1]))
            except BaseException:  # rule 1: a lost line is better than a lost process
                return 0
            return 0

        return ffi.wasmtime_component_func_callback_t(raw)

    def _epoch(self) -> Any:
        def raw(_context: Any, _data: Any, delta: Any, kind: Any) -> int:
            try:
                reason = str(self.current.calls.why_stop())
            except BaseException:  # rule 1
                reason = "the host lost its meter"
            if not reason:
                delta[0] = CHECK_TICKS
                kind[0] = 0  # continue
                return 0
            error = ffi.wasmtime_error_new(ctypes.create_string_buffer(reason.encode()))
            return ctypes.cast(error, ctypes.c_void_p).value or 0

        return _EpochCallback(raw)

    def _random_bytes(self, count: int) -> bytes:
        return self._quietly(lambda calls: calls.random_bytes(min(count, RANDOM_BYTES_MAX)), b"")

    def _random_u64(self) -> int:
        return int.from_bytes(self._random_bytes(8), "big")

    def _clock_ns(self) -> int:
        return self._quietly(lambda calls: calls.clock_ns(), 0)

    def _quietly(self, ask: Callable[[GuestCalls], T], otherwise: T) -> T:
        try:
            return ask(self.current.calls)
        except BaseException:  # rule 1
            return otherwise


def _add_raw(instance: LinkerInstance, name: str, callback: Any) -> None:
    """Define a host function without wasmtime-py's own wrapper and its global last exception."""
    data = name.encode()
    error = ffi.wasmtime_component_linker_instance_add_func(
        instance.ptr(), ctypes.create_string_buffer(data), len(data), callback, None, NO_FINALIZER
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
