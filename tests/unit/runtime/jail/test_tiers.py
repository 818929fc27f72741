"""Which wall is taken, and what may run without one."""

import errno
import os
import sys
from pathlib import Path

import pytest
from fakes.plugins import agent
from hyperpersonal_runtime.calls import HookCall
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.jail import find
from hyperpersonal_runtime.jail.find import find_jail, probe
from hyperpersonal_runtime.jail.plain import PlainJail
from hyperpersonal_runtime.jail.program import Jail, Jailed, JailError, Program
from hyperpersonal_runtime.testing import FakePorts, World, default_cache
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs


@pytest.mark.parametrize("tier", ["namespaces", "landlock"])
def test_that_a_tier_can_be_asked_for_and_holds(tier: str) -> None:
    jail = find_jail(tier)
    assert (jail.tier, probe(jail), jail.missing) == (tier, "", "")


def test_that_the_strongest_is_taken() -> None:
    assert find_jail().tier == "namespaces"


def test_that_a_wall_with_a_hole_is_not_taken() -> None:
    assert "become another program" in probe(PlainJail())


def test_that_an_unknown_tier_is_refused() -> None:
    with pytest.raises(JailError, match="namespaces, landlock, none"):
        find_jail("docker")


def without(monkeypatch: pytest.MonkeyPatch, *tiers: str) -> None:
    """A machine on which these tiers do not work."""

    def cannot(missing: str) -> Jail:
        raise JailError("not on this machine")

    tried = {name: ((cannot,) if name in tiers else makers) for name, makers in find._TIERS.items()}
    monkeypatch.setattr(find, "_TIERS", tried)


def test_that_the_next_one_is_taken_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "namespaces")
    jail = find_jail()
    assert (jail.tier, jail.missing) == ("landlock", "namespaces: not on this machine")
    assert jail.refusal("somebody/else") == ""


def test_that_without_any_wall_every_plugin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "namespaces", "landlock")
    jail = find_jail()
    assert jail.tier == "none"
    for plugin in ("hyperpersonal/order_agent", "somebody/else"):
        assert "landlock: not on this machine" in jail.refusal(plugin)


def test_that_an_operator_may_trust_publishers_and_nobody_else() -> None:
    jail = find_jail("none", trusted=frozenset({"hyperpersonal", "acme"}))
    assert jail.refusal("hyperpersonal/order_agent") == ""
    assert jail.refusal("acme/x") == ""
    for plugin in ("acme-evil/x", "other/hyperpersonal", "hyperpersonal2/x"):
        assert "not of a trusted publisher" in jail.refusal(plugin)


def release(plugin_id: str) -> HookCall:
    call = agent("return 'hello'")
    sealed = structs.replace(call.release, plugin_id=plugin_id)
    return structs.replace(call, release=sealed, hook="reply", payload=b'{"text": "hi"}')


async def test_that_a_host_without_a_wall_runs_trusted_plugins_only() -> None:
    host = Host(default_cache(), workers=1, lanes=4, jail=find_jail("none"))
    await host.start(FakePorts(World()).ports())
    try:
        assert host.tier == "none"
        ours = await host.call(release("hyperpersonal/echo"))
        theirs = await host.call(release("somebody/echo"))
    finally:
        await host.close()
    assert (ours.outcome, theirs.outcome) == (Outcome.OK, Outcome.REFUSED)
    assert "somebody/echo is not of a trusted publisher" in theirs.detail


@pytest.mark.parametrize("tier", ["namespaces", "landlock"])
async def test_that_a_worker_holds_its_lanes_and_nothing_else(tier: str) -> None:
    """A real worker, seen from outside while it serves."""
    host = Host(default_cache(), workers=1, lanes=4, jail=find_jail(tier))
    await host.start(FakePorts(World()).ports())
    try:
        (pid,) = host.worker_pids
        files = {os.readlink(path).split(":")[0] for path in Path(f"/proc/{pid}/fd").iterdir()}
        status = Path(f"/proc/{pid}/status").read_text()
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        result = await host.call(release("hyperpersonal/echo"))
    finally:
        await host.close()
    assert result.outcome is Outcome.OK, result.detail
    guests = {name for name in files if name.endswith(".cwasm")}
    assert files - guests == {"socket", "/dev/null", "/memfd"}, "lanes, no input, what it says"
    assert environment.strip(b"\0") in (b"", b"PWD=/"), "the starters' own"
    for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000"):
        assert line in status


def test_that_what_cannot_be_started_is_said() -> None:
    for jail in (find_jail("namespaces"), find_jail("landlock"), PlainJail()):
        ended = run(jail, Program(argv=(sys.executable, "/nowhere/x.py")))
        assert ended.returncode != 0
        assert "No such file" in ended.said


@pytest.mark.parametrize("tier", ["namespaces", "landlock"])
def test_that_a_builder_runs_another_program_and_a_plugin_does_not(
    tier: str, tmp_path: Path
) -> None:
    copied = tmp_path / "true"
    copied.write_bytes(Path("/bin/true").read_bytes())
    copied.chmod(0o755)
    given = {"argv": (str(copied),), "readable": (copied,)}
    assert run(find_jail(tier), Program(profile="builder", **given)).returncode == 0
    refused = run(find_jail(tier), Program(profile="plugin", **given))
    assert refused.returncode != 0
    assert os.strerror(errno.EPERM) in refused.said


@pytest.mark.parametrize("tier", ["namespaces", "landlock"])
def test_that_a_builder_writes_its_folder_and_nothing_else(tier: str, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    tool = tmp_path / "tool.py"
    tool.write_text(
        f"import tempfile; open('{mine}/made', 'w').write(tempfile.gettempdir())\n"
        f"open('{other}/made', 'w')"
    )
    program = Program(
        argv=(sys.executable, str(tool)), readable=(tool,), writable=(mine,), profile="builder"
    )
    ended = run(find_jail(tier), program)
    assert (mine / "made").read_text() == str(mine)
    assert ended.returncode == 1
    assert list(other.iterdir()) == []


def run(jail: Jail, program: Program) -> Jailed:
    process = jail.spawn(program)
    process.wait(60)
    return process
