"""The sandbox of a plugin's folder, for tests that are plain functions.

The sandbox itself is the runtime's, found through the entry point group `hyperpersonal.sandbox`:
the SDK does not depend on the runtime, an author's test environment installs both.
"""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hyperpersonal_sdk import build, hpx, manifest
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.tools import ToolResult
from hyperpersonal_sdk.contract.turns import TurnReply
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_sdk.testing import fixtures

GROUP = "hyperpersonal.sandbox"
SECONDS_MAX = 180  # the first call of a machine compiles the guest

T = TypeVar("T")


class NoSandboxError(BadInputError):
    """There is no plugin to run, or nothing to run it in; the message says what to do."""

    code = "no_sandbox"


class HookFailedError(AssertionError):
    """A hook did not end well. `outcome`: refused, trapped, timed_out, over_limit, …"""

    def __init__(self, result: Any) -> None:
        super().__init__(f"{result.outcome}: {result.detail}\n" + "\n".join(result.logs))
        self.outcome = Outcome(result.outcome)
        self.detail: str = result.detail


class DiffersError(AssertionError):
    """A recorded call goes otherwise now; the message says how."""


class PluginSandbox:
    """One plugin in its sandbox. Fakes answer all it calls; they are fresh in each test.

    `tools`: tool name -> value, or function of the arguments. `world`: the other fakes (`passages`,
    `facts`, `http`, `model`, `kv`) and what was called (`tool_calls`). `grants`: capability texts;
    all that the manifest asks, unless the test gives less.
    """

    def __init__(
        self, runner: "_Runner", box: Any, declared: manifest.Manifest, folder: Path
    ) -> None:
        self._runner = runner
        self._box = box
        self._folder = folder
        self.manifest = declared
        self.grants: tuple[str, ...] = declared.asked.texts
        self.world = box.world

    @property
    def tools(self) -> dict[str, Any]:
        """Answers of the tools an agent calls."""
        answers: dict[str, Any] = self.world.tools
        return answers

    def call(self, hook: str, payload: Any) -> Any:
        """Run one hook; the result as the runtime gives it (`outcome`, `value`, `logs`, …)."""
        grants = tuple(self.grants)
        return self._runner.run(self._box.call(hook, payload, grants=grants))

    def answer(self, hook: str, payload: Any) -> bytes:
        """The JSON a hook answers. Raises HookFailedError when it does not end well."""
        result = self.call(hook, payload)
        if result.outcome != Outcome.OK:
            raise HookFailedError(result)
        value: bytes = result.value
        return value

    def reply(self, text: str, **turn: Any) -> TurnReply:
        """What an agent replies to a shopper's text; `turn`: other fields of the TurnRequest."""
        known = {"turn_id": "turn", "conversation_id": "conversation", "contact": {"id": "contact"}}
        asked = {**known, "tenant_name": "Test shop", "channel": "test", "text": text, **turn}
        return msgspec.json.decode(self.answer("reply", asked), type=TurnReply)

    def tool(self, tool: str, *, idempotency_key: str = "", **arguments: Any) -> ToolResult:
        """What a connector answers to a call of one of its tools."""
        call = {"tool": tool, "arguments": arguments, "idempotency_key": idempotency_key}
        return msgspec.json.decode(self.answer("call_tool", call), type=ToolResult)

    def replay(self, name: str) -> None:
        """Run the recorded call `tests/fixtures/NAME.json` again: the record answers all it asks.

        Words that differ, calls that were not made then or are not made now, other arguments,
        money, hosts and recipients are differences; the order of reads and of keys is not.

        Raises:
            DiffersError: with every difference. Is it meant? Then mend the fixture or record it
                anew: `hp plugin record TURN --name NAME`.
            FixtureError: there is no such fixture, or it cannot be read.
        """
        path = self._folder / fixtures.FOLDER / f"{name}.json"
        found = self._runner.run(self._box.replay(fixtures.load(path), self.grants))
        if found:
            raise DiffersError(f"{path} does not hold any more:\n" + "\n".join(found))


class Sandboxes:
    """Keeps one sandbox for each plugin folder, so that tests share its start."""

    def __init__(self) -> None:
        self._runner = _Runner()
        self._open: dict[Path, tuple[AbstractAsyncContextManager[Any], Any]] = {}

    def of(self, path: Path) -> PluginSandbox:
        """The sandbox of the plugin whose folder holds `path`, with its fakes as new.

        Raises:
            NoSandboxError: no `plugin.toml` above `path`, or the runtime is not installed.
            ManifestError: the plugin's manifest is wrong.
        """
        folder = plugin_folder(path)
        declared = manifest.parse((folder / manifest.MANIFEST_FILE).read_text(encoding="utf-8"))
        if folder not in self._open:
            kind = declared.runtime.kind
            context = _opener()(_files(folder, declared), declared.entry, runtime_kind=kind)
            self._open[folder] = context, self._runner.run(context.__aenter__())
        box = self._open[folder][1]
        _renew(box.world)
        return PluginSandbox(self._runner, box, declared, folder)

    def close(self) -> None:
        """End every sandbox."""
        for context, _ in self._open.values():
            self._runner.run(context.__aexit__(None, None, None))
        self._runner.close()


def plugin_folder(path: Path) -> Path:
    """The nearest folder at or above `path` that holds a `plugin.toml`. Raises NoSandboxError."""
    for folder in (path, *path.parents):
        if (folder / manifest.MANIFEST_FILE).is_file():
            return folder
    raise NoSandboxError(f"there is no {manifest.MANIFEST_FILE} in {path} or above")


def _files(folder: Path, declared: manifest.Manifest) -> dict[str, bytes]:
    """What would be signed; a component is built first when its sources are newer."""
    if declared.runtime.kind == "component":
        build.ensure_built(folder, declared.entry)
    return hpx.collect(folder)


def _opener() -> Any:
    found = next(iter(entry_points(group=GROUP)), None)
    if found is None:
        raise NoSandboxError(
            "no sandbox is installed here. In the project's checkout `./hp plugin test` has it; "
            "beside the SDK it is: pip install hyperpersonal-runtime"
        )
    return found.load()


def _renew(world: Any) -> None:
    """Fakes as they are at the start, in place: the sandbox holds this very object."""
    fresh = type(world)()
    for name in fresh.__struct_fields__:
        setattr(world, name, getattr(fresh, name))


class _Runner:
    """An event loop on a thread of its own, so that tests need not be async."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS_MAX)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
