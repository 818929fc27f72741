"""One tool that builds or compiles, run to its end in a jail of its own: no network, one folder."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from msgspec import Struct

from hyperpersonal_runtime.jail.files import packages
from hyperpersonal_runtime.jail.program import Jail, Jailed, Program

Progress = Callable[[str, float], None]

LOOK_SECONDS = 0.1
STEP_SECONDS_MAX = 300
CPU_SECONDS_MAX = 1_200
MEMORY_BYTES_MAX = 4 << 30
SCRATCH_BYTES_MAX = 1 << 30
PROCESSES_MAX = 256


class BuildStepError(Exception):
    """The tool failed, or took too long; the message ends with what it said. `code`: its exit
    code, None when it was ended."""

    def __init__(self, words: str, code: int | None) -> None:
        super().__init__(words)
        self.code = code


class BuildStep(Struct, frozen=True):
    """What to run: `words` follow the interpreter, `imports` are the packages it may import,
    `folder` is all it may write and `readable` what else it may read. `nice`: how far it stands
    back for other processes, see setpriority(2)."""

    name: str
    words: tuple[str, ...]
    imports: tuple[str, ...]
    folder: Path
    readable: tuple[Path, ...] = ()
    seconds_typical: float = 5.0
    seconds_max: float = STEP_SECONDS_MAX
    nice: int = 0


def run_step(
    jail: Jail, step: BuildStep, progress: Progress = lambda stage, fraction: None
) -> None:
    """Run the tool, telling progress by elapsed time. Blocks.

    Raises:
        BuildStepError: it did not end well.
        JailError: it could not be started.
    """
    with tempfile.TemporaryFile() as said:
        process = jail.spawn(_program(step, said))
        if step.nice:
            _stand_back(process, step.nice)
        try:
            _wait(process, step, progress)
        finally:
            process.kill()
            process.wait()
        said.seek(0)
        if code := process.returncode:
            words = said.read()[-2000:].decode(errors="replace")
            raise BuildStepError(f"could not {step.name}: {words}", code)
    progress(step.name, 1.0)


def _program(step: BuildStep, said: IO[bytes]) -> Program:
    path, readable = packages(step.imports)
    folder = step.folder.resolve()
    return Program(
        argv=(sys.executable, *step.words),
        path=path,
        readable=(*readable, *(path.resolve() for path in step.readable)),
        writable=(folder,),
        output=said.fileno(),
        profile="builder",
        memory_bytes=MEMORY_BYTES_MAX,
        scratch_bytes=SCRATCH_BYTES_MAX,
        cpu_seconds=CPU_SECONDS_MAX,
        processes=PROCESSES_MAX,
    )


def _stand_back(process: Jailed, nice: int) -> None:
    for number in {process.pid, process.inner}:
        try:
            os.setpriority(os.PRIO_PROCESS, number, nice)
        except OSError:  # it has ended, or belongs to the jail's own user
            continue


def _wait(process: Jailed, step: BuildStep, progress: Progress) -> None:
    started = time.monotonic()
    while True:
        left = started + step.seconds_max - time.monotonic()
        try:
            process.wait(max(0.0, min(left, LOOK_SECONDS)))
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - started
            if elapsed > step.seconds_max:
                raise BuildStepError(
                    f"could not {step.name}: longer than {step.seconds_max} s", None
                ) from None
            progress(step.name, elapsed / (elapsed + step.seconds_typical / 3))
        else:
            return
