"""Gets the wheels of a lock, on the host's side of the wall: no plugin ever has a network.

pip downloads what the operator's own pip settings point to; each file must have one of the lock's
hashes, and only wheels are taken, so that nothing of a package is run. Unpacking is another step,
in a process that has no network (see unpack).
"""

import os
import subprocess
import sys
from pathlib import Path

from hyperpersonal_runtime.process.refusal import EnvironmentRefusedError

FETCH_SECONDS_MAX = 120
WHEEL_BYTES_MAX = 256 << 20
MEMORY_BYTES_MAX = 1 << 30
SAID_CHARS_MAX = 600

# pip reads a wheel's metadata, and whoever made the wheel decides how large that grows.
_PIP = """
import resource, runpy, sys
for name, most in {limits}.items():
    resource.setrlimit(getattr(resource, name), (most, most))
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__")
"""
_WORDS = "download --quiet --no-input --no-deps --require-hashes --only-binary :all: --no-cache-dir"
_KEPT = ("HOME", "PATH", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "HTTP_PROXY",
         "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")  # fmt: skip


def fetch(lock: Path, folder: Path) -> None:
    """Download the wheels of a lock into a folder.

    Raises:
        EnvironmentRefusedError: a wheel is not to be had, does not fit here, or is another.
    """
    limits = {"RLIMIT_FSIZE": WHEEL_BYTES_MAX, "RLIMIT_AS": MEMORY_BYTES_MAX,
              "RLIMIT_CPU": FETCH_SECONDS_MAX}  # fmt: skip
    command = [sys.executable, "-I", "-c", _PIP.format(limits=limits), *_WORDS.split()]
    command += ["--requirement", str(lock), "--dest", str(folder)]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith("PIP_")
    }
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=FETCH_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        words = f"its wheels did not arrive within {FETCH_SECONDS_MAX} s"
        raise EnvironmentRefusedError("unavailable", words) from None
    if done.returncode:
        raise EnvironmentRefusedError(*_why(done.stderr.decode(errors="replace")))


def _why(said: str) -> tuple[str, str]:
    """pip's words, short, and whose fault it is."""
    lines = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.strip()]
    words = " ".join(lines)[:SAID_CHARS_MAX]
    if "DO NOT MATCH THE HASHES" in said:
        return "invalid", f"a wheel is not the one of the lock: {words}"
    return "unavailable", f"its wheels cannot be had for this Python and machine: {words}"
