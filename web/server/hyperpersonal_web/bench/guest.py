"""The sandbox alone, in every kind that runs here; the agent in TypeScript is built first."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import hyperpersonal_sdk
from hyperpersonal_runtime.bench import SAMPLES, bench_guest
from hyperpersonal_runtime.bench_kinds import WAITING, Plan, bench_kinds, bench_waiting
from hyperpersonal_sdk import build

from hyperpersonal_web.bench.terms import Terms
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.wiring import GUEST_CACHE

_TEMPLATE = Path(hyperpersonal_sdk.__file__).parent / "templates" / "typescript"
_ENTRY = "plugin.wasm"


async def bench_sandbox(props: Props, terms: Terms) -> dict[str, Any]:
    """Figures of the shared guest, of each kind by its name, and of turns that wait."""
    terms.say("the sandbox")
    await props.guest()
    cache = props.settings.data_dir / GUEST_CACHE
    samples = terms.count or SAMPLES
    js, why = await asyncio.to_thread(_component, props.settings.data_dir / "cache" / "bench_js")
    plan = Plan(cache, samples, js, why, min(WAITING, samples * 10))
    shared = await bench_guest(cache, samples)
    kinds = await bench_kinds(plan, terms.say)
    return {**shared, **kinds, **await bench_waiting(plan, terms.say)}


def _component(folder: Path) -> tuple[bytes, str]:
    """The agent in TypeScript as a component, built when its source changed; or why not."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    copies = {
        _TEMPLATE / "package.json": folder / "package.json",
        _TEMPLATE / "tsconfig.json": folder / "tsconfig.json",
        Path(__file__).with_name("realistic.ts"): folder / build.SOURCE,
    }
    for source, target in copies.items():
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)
    try:
        build.ensure_built(folder, _ENTRY)
    except build.BuildFailedError as error:
        return b"", str(error)
    return (folder / _ENTRY).read_bytes(), ""
