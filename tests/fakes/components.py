"""WebAssembly components written by hand, for tests of the sandbox: no toolchain needed."""

from hyperpersonal_runtime.calls import HookCall, Limits
from hyperpersonal_runtime.testing import hook_call
from wasmtime import wat2wasm

FAILURE = """(variant (case "denied" string) (case "not-found" string) (case "invalid" string)
  (case "limit" string) (case "unavailable" string) (case "failed" string) (case "suspended"))"""
CALL = (
    '(func (param "name" string) (param "payload" string) (result (result string (error $fail))))'
)
ASK = """(call $call (i32.const 16) (i32.const {name}) (i32.const 128) (i32.const {payload})
  (i32.const 8192))"""
ANSWER_OF_THE_HOST = f"{ASK} (i32.const 8192)"  # the same shape in and out
BURN = "(loop $again (br $again)) (i32.const 0)"
GROW = """(loop $again
  (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable)) (br $again))
  (i32.const 0)"""
WORLD = """
(component
  (import "hyper:plugin/types@1.0.0" (instance $types
    (type $f {failure}) (export "failure" (type (eq $f)))))
  (alias export $types "failure" (type $failure))
  (import "{host}" (instance $host
    (alias outer 1 $failure (type $outer))
    (export "failure" (type $fail (eq $outer)))
    (export "call" {call})))
  {more}
  (core module $libc
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 16384))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $libc (instantiate $libc))
  (core func $call (canon lower (func $host "call")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core module $main
    (import "libc" "memory" (memory 2))
    (import "host" "call" (func $call {lowered}))
    (data (i32.const 16) "{name}")
    (data (i32.const 128) "{payload}")
    (func (export "handle") (param i32 i32) (result i32) {body}))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc)) (with "host" (instance (export "call" (func $call))))))
  (func $handle (param "input" string) (result (result string (error $failure)))
    (canon lift (core func $main "handle")
      (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (export "{export}" (func $handle)))
"""


def wat(
    body: str = ANSWER_OF_THE_HOST, name: str = "clock.now", payload: str = "{}", **parts: str
) -> str:
    """A component in text; `parts`: host, call, lowered, export, more."""
    sizes = {"name": len(name), "payload": len(payload)}
    known = {
        "failure": FAILURE,
        "host": "hyper:plugin/host@1.0.0",
        "call": CALL,
        "lowered": "(param i32 i32 i32 i32 i32)",
        "export": "handle",
        "more": "",
    }
    quoted = payload.replace('"', '\\"')
    words = {**known, **parts, "name": name, "payload": quoted, "body": body.format(**sizes)}
    return WORLD.format(**words)


def component(body: str = ANSWER_OF_THE_HOST, **parts: str) -> bytes:
    """It as the bytes an author would sign."""
    return bytes(wat2wasm(wat(body, **parts)))


def component_call(data: bytes, *grants: str, limits: Limits | None = None) -> HookCall:
    """A call of a release whose entry is this component."""
    return hook_call({"plugin.wasm": data}, "plugin.wasm", grants, limits, runtime_kind="component")
