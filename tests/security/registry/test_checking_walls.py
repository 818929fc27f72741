"""A check that a stranger's archive took over has nothing to take: in each tier of this machine."""

import json
import os
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.publishing import artifact
from hyperpersonal_registry.checks import REQUIRED, SANDBOXED
from hyperpersonal_registry.checks.process import STATIC
from hyperpersonal_registry.checks.runner import Runner
from hyperpersonal_registry.checks.subject import Subject
from hyperpersonal_runtime.api import Jail, JailError, find_jail, start_reader
from msgspec import structs

PROBES = Path(__file__).parent / "probes"
TIERS = ("namespaces", "landlock")
READS = [name for name in REQUIRED if name not in SANDBOXED]
SECRET = "secret-of-the-data-folder"


def jail_of(tier: str) -> Jail:
    try:
        return find_jail(tier)
    except JailError as error:
        pytest.skip(f"{tier}: {error}")


@pytest.fixture(scope="module", params=TIERS)
def jail(request: pytest.FixtureRequest) -> Jail:
    return jail_of(request.param)


@pytest.fixture
def given(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What there is to be got at, each of it really there."""
    (tmp_path / "master.keys").write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "control"))
        unix.listen()
        yield {
            "host": str(os.getpid()),
            "port": str(tcp.getsockname()[1]),
            "unix": str(tmp_path / "control"),
            "secret": str(tmp_path / "master.keys"),
            "left": "/tmp/left-by-a-check",
            "code": str(PROBES / "reader_probe.py"),
        }


def probed(jail: Jail, given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a process found that stands exactly where a check stands."""
    monkeypatch.syspath_prepend(PROBES)
    monkeypatch.setenv("HP_MASTER_KEY", SECRET)
    standing = structs.replace(
        STATIC, module="reader_probe", words=(), imports=(*STATIC.imports, "reader_probe")
    )
    process, way = start_reader(jail, standing)
    try:
        way.settimeout(60)
        data = json.dumps(given).encode()
        way.sendall(struct.pack(">I", len(data)) + data)
        head = way.recv(4, socket.MSG_WAITALL)
        assert len(head) == 4, process.said
        (length,) = struct.unpack(">I", head)
        found: dict[str, Any] = json.loads(way.recv(length, socket.MSG_WAITALL))
    finally:
        way.close()
        process.kill()
        process.wait()
    return found


def test_that_a_check_that_was_taken_over_finds_nothing(
    jail: Jail, given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = probed(jail, given, monkeypatch)
    assert {name: how for name, how in found["tried"].items() if how == "worked"} == {}
    assert len(found["tried"]) == 16
    assert SECRET not in json.dumps(found["environment"])
    assert [name for name in found["environment"] if name.startswith("HP_")] == []
    *held, own = found["files"]
    assert set(held) <= {0, 1, 2, -own}, "its own socket and nothing else of ours is open"
    assert Path(given["secret"]).read_text() == SECRET
    assert not Path("/tmp/left-by-a-check").exists()


def test_that_the_attempts_work_where_there_is_no_wall(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test above can fail. Without a tier a check has a process, and limits, of its own."""
    given["host"] = str(os.getppid())
    mine = {"code": given["secret"], "left": given["secret"] + ".left"}
    found = probed(find_jail("none"), {**given, **mine}, monkeypatch)
    worked = {name for name, how in found["tried"].items() if how == "worked"}
    assert {"connect to a port", "read the data folder", "become two"} <= worked
    assert [name for name in found["environment"] if name.startswith("HP_")] == []


@pytest.mark.parametrize("tier", [*TIERS, "none"])
async def test_that_every_check_that_reads_works_behind_the_wall(tier: str, tmp_path: Path) -> None:
    subject = Subject(artifact(), str(tmp_path))
    found = await Runner(jail=jail_of(tier), static_seconds_max=300).run(subject, READS)
    assert [one.check for one in found] == READS
    assert [one for one in found if one.verdict == "ERROR"] == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_that_ending_a_walled_check_is_no_pass(
    jail: Jail, how: signal.Signals, tmp_path: Path
) -> None:
    ended: list[int] = []

    def end(_check: str, pid: int) -> None:
        ended.append(pid)
        os.kill(pid, how)

    runner = Runner(jail=jail, watch=end, static_seconds_max=1.0)
    found = await runner.run(Subject(artifact(), str(tmp_path)), ["manifest", "secrets"])
    assert [(one.check, one.verdict) for one in found] == [
        ("manifest", "ERROR"),
        ("secrets", "ERROR"),
    ]
    for pid in ended:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_that_a_jail_that_starts_nothing_lets_nothing_through(
    jail: Jail, tmp_path: Path
) -> None:
    class Broken:
        tier, counts, missing, refusal = jail.tier, jail.counts, jail.missing, jail.refusal

        def spawn(self, program: object) -> Any:
            raise JailError("no more processes")

    (found,) = await Runner(jail=Broken()).run(Subject(artifact(), str(tmp_path)), ["secrets"])
    assert found.verdict == "ERROR"
