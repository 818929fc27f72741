"""Builds over foreign bytes, one at a time: compiling a component, freezing a plugin.

They read what third parties wrote and take seconds of a core and hundreds of MiB. So each step has
a jail, a deadline, a memory limit and a low priority (`build_step`), and nothing of a build is left
afterwards but the file it was to make.
"""

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from hyperpersonal_runtime.build_step import BuildStep, BuildStepError, run_step
from hyperpersonal_runtime.jail.program import Jail, JailError

SECONDS_MAX = 300.0  # it stands back for all others, who may be many
LEFT_SECONDS = 3_600  # a build's folder older than this is of a host that was killed
NICE = 10
REFUSED = 3  # precompile's exit code: the component may not run here
_PRECOMPILE = "hyperpersonal_runtime.wasm.precompile"
_NEEDS = ("hyperpersonal_runtime", "typing_extensions", "wasmtime")


class BuildError(Exception):
    """A step did not make its file. `refused`: what it was given is not allowed, and never will be;
    else it failed or took too much."""

    def __init__(self, words: str, *, refused: bool = False) -> None:
        super().__init__(words)
        self.refused = refused


class Builder:
    """Runs steps in the jail.

    Args:
        jail: the wall around each step.
        folder: of compiled guests; builds happen in folders below it.
        seconds_max: wall time of one step.
    """

    def __init__(self, jail: Jail, folder: Path, seconds_max: float = SECONDS_MAX) -> None:
        self._jail = jail
        self._folder = folder
        self._seconds_max = seconds_max
        self._one = asyncio.Semaphore(1)

    @asynccontextmanager
    async def stage(self) -> AsyncIterator[Path]:
        """An empty folder for one build, gone afterwards. Others wait until this build ends."""
        async with self._one:
            stage = await asyncio.to_thread(self._open)
            try:
                yield stage
            finally:
                await asyncio.to_thread(shutil.rmtree, stage, ignore_errors=True)

    async def compile(self, component: Path, target: Path) -> None:
        """Machine code of a component, both in the same stage.

        Raises:
            BuildError: it is none of our world, or compiling took too much.
        """
        words = ("-m", _PRECOMPILE, str(component), str(target))
        await self.run(BuildStep("compile it for this machine", words, _NEEDS, component.parent))

    async def run(self, step: BuildStep) -> None:
        """Run one step to its end; when the caller is cancelled, the step is ended first.

        Raises:
            BuildError: it ended badly, or took more than it may.
        """
        step = msgspec.structs.replace(step, seconds_max=self._seconds_max, nice=NICE)
        ended = threading.Event()
        work = asyncio.ensure_future(asyncio.to_thread(self._run, step, ended))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            ended.set()
            await asyncio.gather(work, return_exceptions=True)
            raise

    def _run(self, step: BuildStep, ended: threading.Event) -> None:
        def go_on(_stage: str, _fraction: float) -> None:
            if ended.is_set():
                raise BuildError(f"could not {step.name}: the host is closing")

        try:
            run_step(self._jail, step, go_on)
        except BuildStepError as error:
            if error.code == REFUSED:
                raise BuildError(_last_line(str(error)), refused=True) from error
            raise BuildError(str(error)) from error
        except JailError as error:
            raise BuildError(f"could not {step.name}: {error}") from error

    def _open(self) -> Path:
        for left in self._folder.glob("build-*"):
            if time.time() - left.stat().st_mtime > LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=self._folder, prefix="build-")).resolve()


def _last_line(said: str) -> str:
    return said.strip().rpartition("\n")[2].rpartition("machine: ")[2]
