"""The guests of a worker: the shared one, and compiled components loaded when first called."""

import re
import threading
from collections import OrderedDict
from pathlib import Path

from wasmtime import WasmtimeError

from hyperpersonal_runtime.frames import FOREIGN
from hyperpersonal_runtime.wasm.guest import Guest, Machine

LOADED_BYTES_MAX = 2 << 30  # mapped, not resident: a promoted guest is 38 MB of address space
_NAME = re.compile(r"[0-9a-z_-]{1,120}\.cwasm", re.ASCII)


class NoGuestError(Exception):
    """There is no such compiled component, or it was made for another engine."""


class Guests:
    """Guests by the file name of their machine code; those used last stay mapped.

    Args:
        shared: the compiled shared guest; the others lie beside it.
        bytes_max: machine code that stays mapped, the shared guest not counted.
    """

    def __init__(self, shared: Path, bytes_max: int = LOADED_BYTES_MAX) -> None:
        self._machine = Machine()
        self._shared = Guest(shared, self._machine)
        self._folder = shared.parent
        self._bytes_max = bytes_max
        self._loaded: OrderedDict[str, tuple[Guest, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, component: str) -> Guest:
        """The guest of this file; '' is the shared one. One in use outlives its place here.

        Raises:
            NoGuestError: the file cannot be loaded.
        """
        if not component:
            return self._shared
        with self._lock:
            if component not in self._loaded:
                self._loaded[component] = self._load(component)
            self._loaded.move_to_end(component)
            self._shrink()
            return self._loaded[component][0]

    def _load(self, component: str) -> tuple[Guest, int]:
        if not _NAME.fullmatch(component):
            raise NoGuestError(f"no name of a compiled component: {component!r}")
        path = self._folder / component
        try:
            foreign = component.startswith(f"{FOREIGN}-")
            return Guest(path, self._machine, foreign=foreign), path.stat().st_size
        except (OSError, WasmtimeError) as error:
            raise NoGuestError(str(error)) from error

    def _shrink(self) -> None:
        used = sum(size for _, size in self._loaded.values())
        while used > self._bytes_max and len(self._loaded) > 1:
            _, (_, size) = self._loaded.popitem(last=False)
            used -= size
