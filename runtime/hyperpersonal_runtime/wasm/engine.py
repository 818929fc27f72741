"""One engine per worker, and the ticker that lets it interrupt guests."""

import threading
import time
from pathlib import Path

from wasmtime import Config, Engine, WasmtimeError
from wasmtime.component import Component

from hyperpersonal_runtime.wasm.shapes import problem

TICK_MS = 5


def make_engine() -> Engine:
    """The engine every guest is compiled for; see guest_build.ENGINE_SETTINGS.

    Off is what plugins do not need and what our limits do not count: threads and shared memory,
    64-bit memories, collected heaps. The same numbers come out on every machine: no relaxed SIMD,
    one NaN.
    """
    config = Config()
    config.epoch_interruption = True
    config.wasm_threads = config.shared_memory = False
    config.wasm_memory64 = False
    config.wasm_gc = config.wasm_function_references = config.gc_support = False
    config.wasm_relaxed_simd = False
    config.cranelift_nan_canonicalization = True
    return Engine(config)


class NoPluginError(Exception):
    """The component is none of our world, or no component at all; the words are for its author."""


def precompile(component: Path, target: Path) -> None:
    """Compile to machine code with Cranelift: seconds of all cores, hundreds of MiB.

    Raises:
        NoPluginError: it may not run here.
    """
    engine = make_engine()
    try:
        compiled = Component(engine, component.read_bytes())
    except WasmtimeError as error:
        raise NoPluginError(f"it is no WebAssembly component: {error}") from None
    if why := problem(engine, compiled):
        raise NoPluginError(why)
    target.write_bytes(bytes(compiled.serialize()))


def load(engine: Engine, machine_code: Path) -> Component:
    """Map a file that `precompile` wrote here. Never one of a third party: it is native code."""
    return Component.deserialize_file(engine, str(machine_code))


class Ticker:
    """Moves the engine's epoch every TICK_MS while at least one guest runs, else sleeps."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        threading.Thread(target=self._tick, daemon=True, name="epoch").start()

    def __enter__(self) -> None:
        with self._lock:
            self._running += 1
            self._wake.set()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._running -= 1
            if not self._running:
                self._wake.clear()

    def _tick(self) -> None:
        while True:
            self._wake.wait()
            time.sleep(TICK_MS / 1000)
            self._engine.increment_epoch()
