"""A subject as the checks see it: unpacked once, with a stage to run releases on."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.checks import FORM, Reading, judged
from hyperpersonal_sdk.hpx import Archive
from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.verdicts import Verdict
from msgspec import structs

from hyperpersonal_registry.checks.shapes import shape_of
from hyperpersonal_registry.checks.subject import Subject

if TYPE_CHECKING:  # at run time only where a release is run: who reads needs no sandbox
    from hyperpersonal_runtime.api import HookCall, Limits, Stage

DEADLINE_MS = 20_000


class Unfit(Exception):  # noqa: N818 - not an error of ours
    """The release cannot be run at all: a check of its form says why."""


class Play:
    """One release, to be run."""

    def __init__(self, archive: Archive, grants: tuple[str, ...] | None = None) -> None:
        self.archive = archive
        self.reading = Reading(archive)
        self._grants = grants

    @cached_property
    def manifest(self) -> Manifest:
        """What it says of itself. Raises Unfit."""
        if self.reading.manifest is None:
            raise Unfit("its manifest cannot be read")
        return self.reading.manifest

    def call(self, scene: str, hook: str, payload: bytes) -> "HookCall":
        """One hook call with its grants, in a turn of the scene's own."""
        from hyperpersonal_runtime.api import CallScope, HookCall, SealedRelease

        said = self.manifest
        about = (said.id, said.version, self.archive.digest, said.entry)
        release = SealedRelease(*about, self.archive.files, said.runtime.kind)
        scope = CallScope("tenant", "installation", scene, "conversation", "contact")
        grants = said.asked.texts if self._grants is None else self._grants
        return HookCall(release, hook, payload, scope, grants, self.limits)

    @cached_property
    def shape(self) -> dict[str, Any]:
        """Of the JSON that it reads (shapes.py)."""
        return shape_of(self.reading.own_modules.values())

    def granted(self, grants: tuple[str, ...]) -> "Play":
        """The same release with these grants, where all the manifest asks is the default."""
        return Play(self.archive, grants)

    @property
    def limits(self) -> "Limits":
        """What the manifest asks, where it asks for less than the kind's defaults."""
        from hyperpersonal_runtime.api import limits_of

        most = limits_of(self.manifest.runtime.kind)
        asked = structs.asdict(self.manifest.limits)
        given = {name: value for name, value in asked.items() if value is not None}
        return structs.replace(most, **{**given, "deadline_ms": DEADLINE_MS})


class Examination:
    """One a process that checks."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @cached_property
    def stage(self) -> "Stage":
        """Where releases are run. Closed by `close`."""
        from hyperpersonal_runtime.api import Stage

        return Stage(Path(self.subject.cache))

    async def close(self) -> None:
        """Stop what was started."""
        if "stage" in self.__dict__:
            await self.stage.close()

    @cached_property
    def release(self) -> Play:
        """What was handed in."""
        return Play(hpx.unpack(self.subject.artifact))

    @cached_property
    def previous(self) -> Play | None:
        """What was published of the plugin before."""
        before = self.subject.previous
        return None if before is None else Play(hpx.unpack(before))

    @cached_property
    def reading(self) -> Reading:
        """The archive, for rules of the SDK."""
        subject = self.subject
        return Reading(self.release.archive, today=subject.today, advisories=subject.advisories)

    @cached_property
    def runs_code(self) -> bool:
        """Whether there is anything to run.

        Raises:
            Unfit: the archive's form is broken; nothing of it is run.
        """
        broken = [one.check for one in (judged(rule, self.reading) for rule in FORM)
                  if one.verdict != "PASS"]  # fmt: skip
        if broken:
            raise Unfit(f"correct {', '.join(broken)} first")
        return self.release.manifest.kind != "bundle"


class Check(Protocol):
    """A module of this package. `REASON`: a sentence for the author; `FIX`: what to do."""

    NAME: str
    REASON: str
    FIX: str
    WAIVABLE: bool

    @staticmethod
    async def check(examination: Examination) -> Verdict:
        """The verdict; whatever is raised counts as ERROR."""
        ...
