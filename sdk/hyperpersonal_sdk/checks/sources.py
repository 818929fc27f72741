"""Sources that people can read, and a parser that must not take the registry's memory."""

import ast
from collections.abc import Iterator

from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding

NAME = "sources"
REASON = "What does not compile cannot run, and what nobody can read nobody can review."
FIX = "Correct the module, or split it; bring a component's source under src/."
WAIVABLE = False
MODULE_BYTES_MAX = 256 * 1024  # a parsed module takes some 600 bytes of memory for each of its own
SOURCE_BYTES_MAX = 2 * 1024 * 1024
TOO_MUCH, BROKEN, NONE = "too_much_source", "does_not_compile", "no_source"


def check(reading: Reading) -> Iterator[Finding]:
    """Modules that are too large, those that do not compile, and components without a source."""
    if _is_closed(reading):
        yield Finding("", "there is nothing under src/: nobody can read what was compiled", NONE)
    sources = {path: data for path, data in reading.files.items() if path.endswith(".py")}
    for path, data in sources.items():
        if len(data) > MODULE_BYTES_MAX:
            what = f"has {len(data)} bytes, a module has at most {MODULE_BYTES_MAX}"
            yield Finding(path, what, TOO_MUCH)
    if sum(map(len, sources.values())) > SOURCE_BYTES_MAX:
        yield Finding("", f"all modules together have at most {SOURCE_BYTES_MAX} bytes", TOO_MUCH)
        return
    for path, data in sources.items():
        wrong = _broken(path, data) if len(data) <= MODULE_BYTES_MAX else ""
        if wrong:
            yield Finding(path, wrong, BROKEN)


def _is_closed(reading: Reading) -> bool:
    said = reading.manifest
    compiled = said is not None and said.kind != "bundle" and said.runtime.kind == "component"
    return compiled and not any(path.startswith("src/") for path in reading.files)


def _broken(path: str, data: bytes) -> str:
    try:
        ast.parse(data.decode(), path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return ""
