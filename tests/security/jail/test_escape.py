"""A program that tries everything to get out, in each jail, as root and as an ordinary user."""

import json
import platform
from typing import Any

import pytest

REFUSALS = {"EPERM", "EACCES", "ENOENT", "ENOSYS", "EROFS", "ENOTDIR", "ETXTBSY"}
X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86_64")


@X86
@pytest.mark.parametrize("profile", ["worker", "plugin", "builder"])
@pytest.mark.parametrize("tier", ["namespaces", "landlock"])
def test_that_nothing_gets_out(tier: str, profile: str, jailed: Any) -> None:
    end = jailed("escape.py", tier=tier, profile=profile, scratch=8 << 20)
    assert end["code"] == 0, end["said"]
    told: dict[str, Any] = json.loads(end["said"])
    got_out = {name: how for name, how in told["attempts"].items() if how not in REFUSALS}
    assert got_out == {}
    assert len(told["attempts"]) > 150
    _knows_nothing(told["seen"], end, tier)


def _knows_nothing(seen: dict[str, Any], end: dict[str, Any], tier: str) -> None:
    assert seen["files"] == [0, 1, 2, end["lane"]], "its lane, and no other file"
    assert seen["environment"] == {}
    assert "secret" not in seen["born with"]
    if tier == "namespaces":
        assert (seen["uid"], seen["host"]) == (65534, "sandbox")
    assert seen["pids"] in ([], [1])


@X86
def test_that_the_attempts_work_where_nothing_stops_them(jailed: Any) -> None:
    harmless = ["read /etc/passwd", "stream socket of inet", "connect to the host", "list outside"]
    looked_at = {"kill": "ESRCH", "mount_setattr": "EINVAL", "keyctl": "ENOTSUP"}
    end = jailed("escape.py", tier="none", profile="plugin", only=[*harmless, *looked_at])
    told = json.loads(end["said"])["attempts"]
    assert told == dict.fromkeys(harmless, "worked") | looked_at
