"""The README's agent in fifteen lines, in the real sandbox."""

import shutil
from pathlib import Path

import pytest
from fakes.native import wheel_of
from hyperpersonal_sdk.cli import TEMPLATE, TEMPLATES
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, Outcome
from hyperpersonal_sdk.testing.sandbox import (
    HookFailedError,
    NoSandboxError,
    PluginSandbox,
    Sandboxes,
)

MODULE = TEMPLATE / "hyperpersonal_plugin_order_status" / "__init__.py"
ORDER = {"id": "#W1234567", "status": "delivered"}


@pytest.fixture
def agent(hyperpersonal_sandboxes: Sandboxes) -> PluginSandbox:
    return hyperpersonal_sandboxes.of(MODULE)


def test_that_the_agent_has_at_most_fifteen_lines() -> None:
    assert len(MODULE.read_text().splitlines()) <= 15


def test_that_it_answers_with_evidence(agent: PluginSandbox) -> None:
    agent.tools["commerce.orders.get"] = ORDER
    reply = agent.reply("Has #W1234567 shipped yet?")
    assert (reply.text, reply.status) == ("Order #W1234567 is delivered.", "done")
    assert reply.evidence[0].ref == "commerce.orders.get#W1234567"
    assert agent.world.tool_calls[0][:2] == ("commerce.orders.get", {"order_id": "#W1234567"})


def test_that_it_asks_for_a_missing_number(agent: PluginSandbox) -> None:
    assert agent.reply("Where is my order?").status == "asking"
    assert agent.world.tool_calls == [], "fakes are as new in each test"


def test_that_it_cannot_look_without_the_grant(agent: PluginSandbox) -> None:
    agent.tools["commerce.orders.get"] = ORDER
    agent.grants = ()
    with pytest.raises(HookFailedError, match=r"tool:commerce\.orders\.read") as failed:
        agent.reply("Has #W1234567 shipped yet?")
    assert failed.value.outcome != Outcome.OK
    assert agent.world.tool_calls == []


def test_that_a_tools_failure_reaches_the_author(agent: PluginSandbox) -> None:
    agent.tools["commerce.orders.get"] = Failure(FailureKind.NOT_FOUND, "no such order")
    with pytest.raises(HookFailedError, match="no such order"):
        agent.reply("Has #W1234567 shipped yet?")


def test_that_a_folder_without_a_plugin_is_told(
    hyperpersonal_sandboxes: Sandboxes, tmp_path: Path
) -> None:
    with pytest.raises(NoSandboxError, match=r"there is no plugin\.toml"):
        hyperpersonal_sandboxes.of(tmp_path)


@pytest.fixture
def native(hyperpersonal_sandboxes: Sandboxes, tmp_path: Path) -> PluginSandbox:
    """The native template, with its wheel in the archive: a test has no network."""
    shutil.copytree(TEMPLATES / "native", tmp_path / "native")
    (tmp_path / "native" / "requirements.lock").unlink()
    name, data = wheel_of("msgspec")
    (tmp_path / "native" / "wheels").mkdir()
    (tmp_path / "native" / "wheels" / name).write_bytes(data)
    return hyperpersonal_sandboxes.of(tmp_path / "native")


def test_that_the_native_template_answers_through_its_wheel(native: PluginSandbox) -> None:
    native.tools["commerce.orders.get"] = ORDER
    reply = native.reply("Has #W1234567 shipped yet?")
    assert (reply.text, reply.status) == ("Order #W1234567 is delivered.", "done")
    assert native.reply("Where is it?").status == "asking"
    native.tools["commerce.orders.get"] = {"id": 7, "status": "delivered"}
    with pytest.raises(HookFailedError, match="Expected `str`, got `int`"):
        native.reply("Has #W1234567 shipped yet?")
