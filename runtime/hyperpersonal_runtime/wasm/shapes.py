"""What a component may import and must export, and whether one does: checked before it is compiled.

Our host functions read their arguments by hand, so a component that declares them in another shape
would make them read what is not there. Such a component is refused, never compiled.
"""

from collections.abc import Callable, Iterator
from typing import Any

from wasmtime import Engine
from wasmtime import _ffi as ffi
from wasmtime.component import (
    Component,
    ComponentInstanceType,
    ComponentType,
    EnumType,
    FuncType,
    ListType,
    OptionType,
    RecordType,
    ResultType,
    TupleType,
    VariantType,
)

HOST, TYPES = "hyper:plugin/host@1.0.0", "hyper:plugin/types@1.0.0"
WASI = "wasi:"
# What componentize-qjs and componentize-py leave exported: their own build steps, never called.
LEFTOVERS = ("init", "exports")
_FAILURE = (
    "variant{denied(string),not-found(string),invalid(string),limit(string),unavailable(string),"
    "failed(string),suspended}"
)
_ANSWER = f"->result<string,{_FAILURE}>"
HANDLE = f"func(string){_ANSWER}"
_INSTANT = "func()->record{seconds:u64,nanoseconds:u32}"
SERVED = {
    HOST: {
        "call": f"func(string,string){_ANSWER}",
        "log": "func(enum{debug,info,warn,error},string)",
    },
    "wasi:cli/environment": {
        "get-environment": "func()->list<tuple<string,string>>",
        "get-arguments": "func()->list<string>",
        "initial-cwd": "func()->option<string>",
    },
    "wasi:random/random": {
        "get-random-bytes": "func(u64)->list<u8>",
        "get-random-u64": "func()->u64",
    },
    "wasi:random/insecure-seed": {
        "insecure-seed": "func()->tuple<u64,u64>",
        "get-insecure-seed": "func()->tuple<u64,u64>",
    },
    "wasi:clocks/wall-clock": {"now": _INSTANT, "resolution": _INSTANT},
    "wasi:clocks/monotonic-clock": {"now": "func()->u64", "resolution": "func()->u64"},
    "wasi:filesystem/preopens": {"get-directories": "func()->list<tuple<own,string>>"},
}


def problem(engine: Engine, component: Component) -> str:
    """Why this component is no plugin of our world, in words for its author; '' when it is one."""
    declared: ComponentType = component.type
    problems = [*_imports(engine, declared), *_exports(engine, declared)]
    return "; ".join(problems[:5])


def served_name(name: str) -> str:
    """`wasi:clocks/wall-clock` of `wasi:clocks/wall-clock@0.2.12`, our own names as they are."""
    return name.partition("@")[0] if name.startswith(WASI) else name


def _imports(engine: Engine, declared: ComponentType) -> Iterator[str]:
    for name, extern in declared.imports(engine).items():
        item = extern.ty
        if name == TYPES and isinstance(item, ComponentInstanceType):
            continue
        if not (name == HOST or name.startswith(WASI)):
            yield f"it imports {name}; a plugin has {HOST} and nothing else"
        elif isinstance(item, ComponentInstanceType):
            yield from _functions(engine, name, item)
        else:
            yield f"it imports {name}, which is no interface"


def _functions(engine: Engine, name: str, instance: ComponentInstanceType) -> Iterator[str]:
    known = SERVED.get(served_name(name), {})
    for function, extern in instance.exports(engine).items():
        wanted, found = known.get(function), _shape(extern.ty)
        if wanted is not None and found != wanted:
            yield f"it imports {name}#{function} as {found}, it is {wanted}"
        elif wanted is None and name == HOST and found.startswith("func"):
            yield f"it imports {name}#{function}, which the host does not have"


def _exports(engine: Engine, declared: ComponentType) -> Iterator[str]:
    exports = declared.exports(engine)
    handle = _shape(exports["handle"].ty) if "handle" in exports else "nothing"
    if handle != HANDLE:
        yield f"it exports handle as {handle}, a plugin exports {HANDLE}"
    for name in exports:
        if name != "handle" and name not in LEFTOVERS:
            yield f"it exports {name}; a plugin exports handle only"


def _shape(item: Any) -> str:
    """A type in one canonical line. What plugins never need is named only."""
    shape = _SHAPES.get(type(item))
    return shape(item) if shape else type(item).__name__.removesuffix("Type").lower()


def _record(item: RecordType) -> str:
    return f"record{{{','.join(f'{name}:{_shape(kind)}' for name, kind in item.fields)}}}"


def _variant(item: VariantType) -> str:
    cases = (f"{name}({_shape(kind)})" if kind else name for name, kind in item.cases)
    return f"variant{{{','.join(cases)}}}"


def _function(item: FuncType) -> str:
    what = "async func" if ffi.wasmtime_component_func_type_async(item.ptr()) else "func"
    result = f"->{_shape(item.result)}" if item.result is not None else ""
    return f"{what}({','.join(_shape(kind) for _, kind in item.params)}){result}"


def _or_none(item: Any) -> str:
    return "_" if item is None else _shape(item)


_SHAPES: dict[type, Callable[[Any], str]] = {
    FuncType: _function,
    ListType: lambda item: f"list<{_shape(item.element)}>",
    TupleType: lambda item: f"tuple<{','.join(map(_shape, item.elements))}>",
    RecordType: _record,
    VariantType: _variant,
    EnumType: lambda item: f"enum{{{','.join(item.names)}}}",
    OptionType: lambda item: f"option<{_shape(item.payload)}>",
    ResultType: lambda item: f"result<{_or_none(item.ok)},{_or_none(item.err)}>",
}
