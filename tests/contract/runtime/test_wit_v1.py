"""The released world is what it was: its bytes, and what every side of the door believes of it.

`wit/v1` is never edited: components built against it run for years. A new need is a new world
beside it (`wit/v2`), served side by side; what the next one would change waits in `PENDING.md`.
"""

import hashlib
import re
from pathlib import Path

import hyperpersonal_sdk
from fakes.components import component
from hyperpersonal_runtime.guest_build import ensure_guest
from hyperpersonal_runtime.testing import default_cache
from hyperpersonal_runtime.wasm import shapes
from hyperpersonal_runtime.wasm.engine import load, make_engine
from hyperpersonal_sdk.contract.outcomes import FailureKind
from wasmtime.component import Component

SDK = Path(hyperpersonal_sdk.__file__).parent
WORLD = SDK / "wit" / "v1"
RELEASED = {
    "plugin.wit": "c1c361eb770517f039777c991ef0551440cc5115515e7b71567a6f78658c334e",
}
CASES = re.compile(r"^\s+([a-z-]+)(?:\(string\))?,", re.MULTILINE)


def test_that_the_released_world_is_never_edited() -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in WORLD.iterdir()}
    assert found == RELEASED, "wit/v1 is released: put what is new into a world of its own"


def test_that_host_sdks_and_world_know_the_same_failures() -> None:
    text = (WORLD / "plugin.wit").read_text()
    variant = text.partition("variant failure {")[2].partition("\n  }")[0]
    cases = CASES.findall(variant)
    assert cases == [
        *("denied", "not-found", "invalid", "limit", "unavailable", "failed", "suspended")
    ]
    assert [kind.value for kind in FailureKind] == cases
    door = (SDK / "typescript" / "door.ts").read_text()
    assert (
        re.findall(r'"([a-z-]+)"', door.partition("KINDS = [")[2].partition("]")[0]) == cases[:-1]
    )
    header = (SDK / "templates" / "c" / "src" / "door.h").read_text()
    kinds = re.findall(r"[A-Z_]+", header.partition("enum { ")[2].partition(" }")[0])
    assert [kind.lower().replace("_", "-") for kind in kinds] == cases


def test_that_every_guest_has_the_shape_the_host_checks() -> None:
    engine = make_engine()
    by_hand = Component(engine, component())
    shared = load(engine, ensure_guest(default_cache()))
    for one in (by_hand, shared):
        assert shapes.problem(engine, one) == ""
    assert shapes.HOST == "hyper:plugin/host@1.0.0"
    assert shapes.HANDLE.startswith("func(string)->result<string,variant{denied(string),")
