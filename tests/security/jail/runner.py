"""Outside of a jail, as whatever user it is started: builds the jail, starts a program in it.

`python -I -B runner.py '{"tier": …, "program": escape.py, …}'`, with the jail package beside it;
prints what the program printed and how it ended. Standard library only.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SECONDS_MAX = 60


def main(wanted: dict[str, Any]) -> None:
    from hyperpersonal_runtime.jail.find import find_jail
    from hyperpersonal_runtime.jail.program import Program

    os.environ["SECRET"] = "secret-of-the-environment"
    leaked = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(leaked, True)
    ours, theirs = socket.socketpair()
    outside = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(1000)"])
    with socket.create_server(("127.0.0.1", 0)) as listener, ours, theirs:
        spec = {
            "profile": wanted["profile"],
            "lane": theirs.fileno(),
            "outside": outside.pid,
            "secret": str(HERE / "outside" / "secret"),
            "only": wanted.get("only", []),
            "port": listener.getsockname()[1],
            "scratch": wanted.get("scratch", 0) if wanted["tier"] == "namespaces" else 0,
        }
        script = HERE / wanted["program"]
        limits = {name: wanted.get(name, 0) for name in ("cpu_seconds", "processes")}
        program = Program(
            argv=(sys.executable, str(script), json.dumps(spec)),
            readable=(script,),
            fds=(theirs.fileno(),),
            profile=wanted["profile"],
            memory_bytes=wanted.get("memory", 0),
            scratch_bytes=wanted.get("scratch", 0),
            **limits,
        )
        jail = find_jail(wanted["tier"])
        process = jail.spawn(program)
        try:
            code: int | None = process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            code = None
    outside.send_signal(signal.SIGKILL)
    outside.wait()
    end = {"code": code, "said": process.said, "lane": spec["lane"]}
    print(json.dumps(end | {"counts": jail.counts, "uid": os.getuid()}))


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    main(json.loads(sys.argv[1]))
