"""What a Python program needs to read: the interpreter, its library, the system's libraries."""

import functools
import importlib.util
import os
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from hyperpersonal_runtime.jail.launch import ENTER, interpreter


@functools.cache
def python_files() -> tuple[Path, ...]:
    """The interpreter without any site-packages of its own, and the libraries it links to."""
    library = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    shared = Path(sysconfig.get_config_var("LIBDIR") or "/", sysconfig.get_config_var("LDLIBRARY"))
    wanted = [ENTER, Path(interpreter()), *map(Path, library), *_versions(shared)]
    return tuple(dict.fromkeys(path for path in [*wanted, *_system()] if path.exists()))


def _versions(shared: Path) -> Iterator[Path]:
    """libpython3.11.so and what it links to: libpython3.11.so.1.0."""
    if ".so" in shared.name:
        yield from shared.parent.glob(shared.name + "*")


def _system() -> Iterator[Path]:
    """Where the dynamic loader looks. Folders of libraries only: no programs."""
    triplet = sysconfig.get_config_var("MULTIARCH")
    if triplet and Path("/usr/lib", triplet).is_dir():
        yield from (Path(root, triplet) for root in ("/usr/lib", "/lib"))
    else:
        yield Path("/usr/lib")
    yield from Path("/lib").glob("ld-*.so*")
    yield from Path("/usr/lib").glob("ld-*.so*")
    yield from map(Path, ("/lib64", "/usr/lib64", "/etc/ld.so.cache"))


def packages(names: Iterable[str]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Where installed packages are: (`Program.path`, `Program.readable`) to import just these.

    Args:
        names: import names of packages or modules, of which only the files are read.

    Raises:
        ModuleNotFoundError: one is not installed.
    """
    found = [_found(name) for name in names]
    folders = dict.fromkeys(path.parent for path in found)
    bundled = [folder / f"{path.name}.libs" for path in found for folder in [path.parent]]
    return tuple(folders), (*found, *(path for path in bundled if path.is_dir()))


def _found(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(name)
    return Path(os.path.dirname(found.origin) if found.submodule_search_locations else found.origin)
