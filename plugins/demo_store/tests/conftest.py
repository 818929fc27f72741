"""The connector in its real sandbox, before a shop that answers from a list."""

import json
from collections.abc import AsyncIterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.manifest import Manifest, parse

FOLDER = Path(__file__).parents[1]
BASE = "http://127.0.0.1:8090"
TOKEN = "Bearer shop-token"


def signed_files() -> dict[str, bytes]:
    """What would be signed, by path."""
    package = FOLDER.glob("hyperpersonal_plugin_demo_store/*.py")
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in package}


class FakeShop:
    """The sandboxed connector and its shop. `answers` come one after the other; `asked` is what
    the shop got: (method, url, headers, body)."""

    def __init__(self, box: Any) -> None:
        self._box = box
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self.config = {"base_url": BASE, "store": "demo"}
        box.world.http = self._answer

    def _answer(self, *asked: Any) -> tuple[int, str]:
        self.asked.append(asked)
        status, body = self.answers.pop(0)
        return status, body if isinstance(body, str) else json.dumps(body)

    def go_silent(self) -> None:
        """From now on nobody listens: requests go out for real, to a closed port."""
        self.config["base_url"] = "http://127.0.0.1:9"
        self._box.world.http = None

    async def call(
        self, tool: str, *, money_max: dict[str, int] | None = None, **arguments: Any
    ) -> Any:
        """How the hook ended, whatever came of it."""
        call = {
            "tool": tool,
            "arguments": arguments,
            "idempotency_key": "turn:3" if COMMERCE_TOOLS[tool].effect == "write" else "",
            "config": self.config,
            "money_max": money_max,
        }
        return await self._box.call("call_tool", call)

    async def tool(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The tool's result."""
        result = await self.call(tool, **arguments)
        assert result.outcome == "ok", result.detail
        answer: dict[str, Any] = json.loads(result.value)
        return answer


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    return parse((FOLDER / "plugin.toml").read_text())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box(manifest: Manifest) -> AsyncIterator[Any]:
    open_sandbox = entry_points(group="hyperpersonal.sandbox")["default"].load()
    grants = [item.ask for item in manifest.capabilities]
    secrets = {"Authorization": TOKEN}
    async with open_sandbox(signed_files(), manifest.entry, grants, secrets=secrets) as box:
        yield box


@pytest.fixture
def shop(box: Any) -> FakeShop:
    return FakeShop(box)
