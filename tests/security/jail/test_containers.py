"""Machines that allow less, made with the kernel's own means: the next best wall is taken."""

import json
import shutil
import subprocess
import sys

import pytest

TRY = """
import json
from hyperpersonal_runtime.jail.find import find_jail, probe
jail = find_jail()
print(json.dumps([jail.tier, jail.missing, probe(jail)]))
"""
COVERED = "mount -t tmpfs none /proc/irq"
FORBIDDEN = "echo 0 > /proc/sys/user/max_user_namespaces"


def found_after(restriction: str) -> list[str]:
    """(tier, missing, what the probe could) below a user namespace with the restriction."""
    if not shutil.which("unshare"):
        pytest.skip("unshare (util-linux) is not installed")
    words = [f'{restriction} && exec "$@"', "sh", sys.executable, "-c", TRY]
    ended = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", *words], capture_output=True, text=True, check=False
    )
    if ended.stderr.startswith("unshare:"):
        pytest.skip(f"this machine allows no user namespace to restrict: {ended.stderr}")
    assert ended.returncode == 0, ended.stderr
    told: list[str] = json.loads(ended.stdout)
    return told


def test_that_a_container_that_covers_proc_keeps_its_namespaces() -> None:
    assert found_after(COVERED) == ["namespaces", "", ""]


def test_that_without_user_namespaces_landlock_is_taken_and_says_why() -> None:
    tier, missing, could = found_after(FORBIDDEN)
    assert (tier, could) == ("landlock", "")
    assert "namespaces: the probe failed: bwrap" in missing
