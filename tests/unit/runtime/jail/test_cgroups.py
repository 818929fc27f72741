"""Where control groups are made, in the layouts of version 1, version 2 and of a container."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hyperpersonal_runtime.jail.cgroups import UNCOUNTED_BYTES, Cgroups
from hyperpersonal_runtime.jail.program import Program

PROGRAM = Program(argv=(sys.executable,), memory_bytes=1 << 28, processes=7)


@pytest.fixture(params=["v1", "v1 in a container", "v2"])
def layout(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path, list[Path]]:
    """(root, /proc/self/cgroup, the folders of our own groups)."""
    root, own = tmp_path / "cgroup", tmp_path / "own"
    if request.param == "v2":
        ours = root / "a" / "b"
        ours.mkdir(parents=True)
        (ours / "cgroup.subtree_control").write_text("cpu memory pids\n")
        own.write_text("0::/a/b\n")
        return root, own, [ours]
    folders = [root / "memory", root / "pids"]
    path = "/x" if request.param == "v1" else "/docker/elsewhere"
    own.write_text(f"9:memory:{path}\n8:pids:{path}\n7:cpu,cpuacct:/\n0::/\n")
    ours = [folder / "x" if request.param == "v1" else folder for folder in folders]
    for folder in ours:
        folder.mkdir(parents=True)
    return root, own, ours


def test_that_a_program_gets_a_group_with_its_limits(
    layout: tuple[Path, Path, list[Path]],
) -> None:
    root, own, ours = layout
    groups = Cgroups(root, own)
    name, words = groups.words(PROGRAM)
    made = {folder / name for folder in ours}
    texts = {path.read_text() for folder in made for path in folder.iterdir()}
    assert texts == {str((1 << 28) + UNCOUNTED_BYTES), "7"}
    joined = [Path(word) for word in words if word.endswith("cgroup.procs")]
    assert {path.parent for path in joined} == made


def test_that_a_program_joins_before_it_runs(tmp_path: Path) -> None:
    """The words are really run: the group has heard of the process when its program starts."""
    root, own = tmp_path / "cgroup", tmp_path / "own"
    (root / "memory").mkdir(parents=True)
    (root / "pids").mkdir()
    own.write_text("9:memory:/\n8:pids:/\n")
    _, words = Cgroups(root, own).words(PROGRAM)
    procs = [Path(word) for word in words if word.endswith("cgroup.procs")]
    ended = subprocess.run([*words, "/bin/cat", *map(str, procs)], capture_output=True, check=True)
    assert ended.stdout == b"0\n0\n"


def test_that_an_unlimited_program_gets_none(layout: tuple[Path, Path, list[Path]]) -> None:
    root, own, _ = layout
    assert Cgroups(root, own).words(Program(argv=("x",))) == ("", [])


def test_that_without_controllers_nothing_is_made(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/\n")
    groups = Cgroups(tmp_path, own)
    assert (groups.able, groups.words(PROGRAM)) == (False, ("", []))


def test_that_groups_of_hosts_that_are_gone_are_removed(
    layout: tuple[Path, Path, list[Path]],
) -> None:
    root, own, ours = layout
    for folder in ours:
        (folder / "hp-4194399-0").mkdir()  # over the kernel's greatest process number
        (folder / f"hp-{os.getppid()}-0").mkdir()
    Cgroups(root, own)
    left = {path.name for folder in ours for path in folder.glob("hp-*-0")}
    assert left == {f"hp-{os.getppid()}-0"}


def test_that_nothing_is_left_when_a_host_ends() -> None:
    """With this machine's own groups, in a process of its own."""
    script = (
        "import os, sys\nfrom pathlib import Path\n"
        "from hyperpersonal_runtime.jail.find import find_jail\n"
        "from hyperpersonal_runtime.jail.program import Program\n"
        "jail, tool = find_jail(), Path(sys.argv[1])\n"
        "limits = dict(memory_bytes=1 << 28, processes=9)\n"
        "jail.spawn(Program(argv=(sys.executable, str(tool)), readable=(tool,), **limits)).wait()\n"
        "own = [*Path('/sys/fs/cgroup').rglob(f'hp-{os.getpid()}-*')]\n"
        "print(jail.counts, os.getpid(), len(own))\n"
    )
    words = [sys.executable, "-c", script, __file__]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    able, pid, made = ended.stdout.split()
    if able == "False":
        pytest.skip("no control groups can be made here")
    assert int(made) > 0
    assert list(Path("/sys/fs/cgroup").rglob(f"hp-{pid}-*")) == []
