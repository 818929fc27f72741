"""Native Python with wheels: one warm process for each installation of a release, in the jail."""

import asyncio
import platform
import socket
import subprocess
import sys
from collections import OrderedDict
from functools import partial
from pathlib import Path

import hyperpersonal_sdk
from hyperpersonal_sdk import manifest
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.errors import ManifestError

from hyperpersonal_runtime.calls import PROCESS_LIMITS, HookCall, SealedRelease
from hyperpersonal_runtime.ending import End
from hyperpersonal_runtime.frames import Done, Start, ToHost
from hyperpersonal_runtime.jail.program import Jail, JailError, Program
from hyperpersonal_runtime.kinds.kind import Lane, LaneWorker, Ready
from hyperpersonal_runtime.pool import PoolClosedError, PoolFullError
from hyperpersonal_runtime.process.call_lane import CallLane
from hyperpersonal_runtime.process.environment import Environment, Environments
from hyperpersonal_runtime.process.refusal import EnvironmentRefusedError
from hyperpersonal_runtime.process.resident import Key
from hyperpersonal_runtime.process.residents import Bounds, NotStartedError, Residents

RELEASES_MAX = 1_000
SCRATCH_BYTES = 32 << 20
TRIAL_BYTES = 512 << 20
PROCESSES_MAX = 64
READY = Ready(holds=True)


class ProcessKind:
    """The kind `process`.

    Args:
        jail: what processes run in. cache: folder of environments (`<root>/.hp/cache/env`).
        bounds: how many processes are kept warm, and for how long.
    """

    def __init__(self, jail: Jail, cache: Path, bounds: Bounds | None = None) -> None:
        self._jail = jail
        self._environments = Environments(cache.absolute(), jail)
        self._residents = Residents(bounds or Bounds())
        self._building: dict[str, asyncio.Task[Environment | End]] = {}
        self._built: OrderedDict[str, Environment] = OrderedDict()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes alive now."""
        return tuple(resident.pid for resident in self._residents.all)

    @property
    def memory_bytes(self) -> int:
        """What they hold together."""
        return sum(resident.memory_bytes for resident in self._residents.all)

    async def ready(self, release: SealedRelease) -> Ready | End:
        """Its environment is built, once; a failure is tried anew the next time."""
        if release.digest in self._built:
            return READY
        if misfit := _misfit(release):
            return End(Outcome.REFUSED, f"unavailable: {misfit}")
        task = self._building.get(release.digest)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._build(release))
            self._building[release.digest] = task
            task.add_done_callback(lambda _: self._building.pop(release.digest, None))
        built = await asyncio.shield(task)
        return built if isinstance(built, End) else READY

    async def acquire(self, call: HookCall, ready: Ready, reuse: str) -> Lane:
        """A place in the installation's own process; `reuse` is always and only there."""
        scope, release = call.scope, call.release
        key = Key(scope.tenant_id, scope.installation_id, release.digest)
        start = partial(self._spawn, release, call.limits.memory_mib << 20)
        try:
            return await self._residents.lane(key, call.limits, start, nested=scope.nested)
        except NotStartedError as error:
            return _NoLane(str(error))

    async def try_load(self, release: SealedRelease) -> str:
        """Load it once in a process that serves nobody; '' or why it does not load."""
        key = Key("", "", release.digest)
        start = partial(self._spawn, release, TRIAL_BYTES)
        try:
            lane = await self._residents.lane(key, PROCESS_LIMITS, start)
        except NotStartedError as error:
            return str(error)
        except (PoolFullError, PoolClosedError):
            return "the host has no room to load it now"
        self._residents.give_back(lane)
        self._residents.end(key)
        return ""

    def release(self, lane: Lane) -> None:
        if isinstance(lane, CallLane):
            self._residents.give_back(lane)

    def stop(self, digest: str) -> None:
        """End every process of a release, with the calls in it."""
        self._residents.stop(digest)

    async def close(self) -> None:
        for task in list(self._building.values()):
            task.cancel()
        await asyncio.gather(*self._building.values(), return_exceptions=True)
        await self._residents.close()
        self._environments.close()

    async def _build(self, release: SealedRelease) -> Environment | End:
        try:
            built = await asyncio.to_thread(self._environments.of, release)
        except EnvironmentRefusedError as error:
            return End(Outcome.REFUSED, f"{error.case}: {error}")
        except (JailError, OSError) as error:
            return End(Outcome.TRAPPED, f"its environment could not be built: {error}")
        self._built[release.digest] = built
        if len(self._built) > RELEASES_MAX:
            self._built.popitem(last=False)
        return built

    def _spawn(
        self, release: SealedRelease, memory_bytes: int, theirs: socket.socket
    ) -> "subprocess.Popen[bytes]":
        environment = self._environments.of(release)  # it may have been taken away since
        folders = [environment.code, *([environment.site] if environment.site else [])]
        sdk = Path(hyperpersonal_sdk.__file__).resolve().parent
        main = sdk / "native" / "main.py"
        words = (str(theirs.fileno()), release.entry, *map(str, folders))
        with Path("/dev/null").open("w") as nothing:
            return self._jail.spawn(
                Program(
                    argv=(sys.executable, str(main), *words),
                    readable=(sdk, *folders),
                    fds=(theirs.fileno(),),
                    output=nothing.fileno(),
                    profile="plugin",
                    memory_bytes=memory_bytes,
                    scratch_bytes=SCRATCH_BYTES,
                    processes=PROCESSES_MAX,
                )
            )


class _NoLane:
    """Stands for a process that does not start: ends a call with the reason."""

    def __init__(self, words: str) -> None:
        self.kept = ""
        self.over: asyncio.Future[None] | None = None
        self._words = words

    @property
    def worker(self) -> LaneWorker:
        return _NoWorker()

    def send(self, message: object) -> None:
        assert isinstance(message, Start), message

    async def receive(self) -> ToHost:
        return Done("failed", self._words, (), 0.0, 0.0, 0.0, 0.0)


class _NoWorker:
    pid = 0

    def kill(self) -> None:
        return


def _misfit(release: SealedRelease) -> str:
    """Why its manifest keeps it off this host; '' when it does not."""
    try:
        runtime = manifest.read(release.files[manifest.MANIFEST_FILE].decode()).runtime
    except (KeyError, UnicodeDecodeError, ManifestError):
        return ""  # a test's; a published release has one
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    if runtime.pythons and python not in runtime.pythons:
        return f"it is made for Python {', '.join(runtime.pythons)}; this host has {python}"
    if runtime.machines and platform.machine() not in runtime.machines:
        made = ", ".join(runtime.machines)
        return f"it is made for {made}; this host is {platform.machine()}"
    return ""
