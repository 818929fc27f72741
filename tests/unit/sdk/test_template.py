"""The README's agent in fifteen lines, in the real sandbox."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes.native import wheel_of
from hyperpersonal_sdk import manifest
from hyperpersonal_sdk.cli import TEMPLATE, TEMPLATES, plugin
from hyperpersonal_sdk.cli.making import KINDS
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, Outcome
from hyperpersonal_sdk.testing.fixtures import FixtureError
from hyperpersonal_sdk.testing.sandbox import (
    DiffersError,
    HookFailedError,
    NoSandboxError,
    PluginSandbox,
    Sandboxes,
)

MODULE = TEMPLATE / "hyperpersonal_plugin_order_status" / "__init__.py"
ORDER = {"id": "#W1234567", "status": "delivered"}
ROOT = Path(__file__).parents[3]


def hp(*arguments: str) -> Result:
    return CliRunner().invoke(plugin, list(arguments), catch_exceptions=False)


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


PYTHON_KINDS = ("agent", "connector", "channel", "guard")


@pytest.mark.timeout(300)
def test_that_each_python_template_passes_its_own_tests_and_every_check(tmp_path: Path) -> None:
    for template in PYTHON_KINDS:
        into = str(tmp_path / template)
        made = hp("init", f"acme/my_{template}", "--template", template, "--into", into)
        assert made.exit_code == 0, made.output
    folders = [str(tmp_path / template / "tests") for template in PYTHON_KINDS]
    quiet = ("-o", "asyncio_default_fixture_loop_scope=function", "-W", "error")
    command = [sys.executable, "-m", "pytest", "-q", *quiet, *folders]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "18 passed" in done.stdout


@pytest.mark.parametrize("template", KINDS)
def test_that_each_template_has_what_merchants_and_reviewers_read(
    template: str, tmp_path: Path
) -> None:
    folder = tmp_path / "my"
    made = hp("init", f"acme/my_{template}", "--template", template, "--into", str(folder))
    assert made.exit_code == 0, made.output
    declared = manifest.parse((folder / "plugin.toml").read_text())
    assert declared.id == f"acme/my_{template}"
    assert declared.listing is not None
    assert (folder / (declared.listing.changelog or "")).read_text().startswith("# Changes")
    assert (folder / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert list((folder / "tests").glob("test_*.py"))
    if declared.runtime.kind != "component":
        checked = hp("check", str(folder))
        assert checked.exit_code == 0, checked.output


def test_that_a_fixture_that_does_not_hold_names_the_difference(
    agent: PluginSandbox, hyperpersonal_sandboxes: Sandboxes, tmp_path: Path
) -> None:
    agent.replay("delivered")
    folder = tmp_path / "changed"
    shutil.copytree(TEMPLATE, folder)
    source = folder / MODULE.relative_to(TEMPLATE)
    source.write_text(source.read_text().replace("is {order.status}", "was {order.status}"))
    changed = hyperpersonal_sandboxes.of(source)
    with pytest.raises(DiffersError, match=r"(?s)delivered\.json.*is delivered.*was delivered"):
        changed.replay("delivered")
    other = tmp_path / "other"
    shutil.copytree(TEMPLATE, other)
    source = other / MODULE.relative_to(TEMPLATE)
    source.write_text(source.read_text().replace("order_id=found[0]", "order_id='#W7654321'"))
    with pytest.raises(DiffersError, match="W7654321"):
        hyperpersonal_sandboxes.of(source).replay("delivered")
    with pytest.raises(FixtureError, match="record one with"):
        agent.replay("none")
