"""What host and worker say to each other on a lane, one call at a time.

    host: Start, Code, Answer, Warm        worker: NeedCode, Ask, Done

A lane is one socket pair and one thread: Start -> (NeedCode -> Code)? -> (Ask -> Answer)* -> Done.
Between calls the host may send Warm, which nobody answers.
"""

from msgspec import Struct

FOREIGN = "component"  # how file names of compiled components begin that an author built


class GuestLimits(Struct, frozen=True, array_like=True):
    """What the worker itself holds a guest to. Times in ms, sizes in bytes."""

    memory_bytes: int
    guest_cpu_ms: int
    deadline_ms: int
    input_bytes: int
    output_bytes: int
    log_lines: int


class Start(Struct, frozen=True, array_like=True, tag=1):
    """Run one call. `hook` '' compiles: `payload` is then {path: source}. `digest`: whose code.

    `reuse`: an instance kept under this very text (tenant, installation, release) may serve the
    call and be kept after it; '' for a fresh one. `component`: file name of the compiled component
    in the guests folder; '' is the shared Python guest."""

    hook: str
    digest: str
    payload: str
    limits: GuestLimits
    reuse: str = ""
    component: str = ""


class Code(Struct, frozen=True, array_like=True, tag=2):
    """`"entry": …, "modules": …` of a release, ready to stand in a guest's request."""

    text: str


class Answer(Struct, frozen=True, array_like=True, tag=3):
    """The answer of a host call: `case` '' with JSON, or a failure case with words.

    `stop`: nothing more is answered and the guest is stopped."""

    case: str
    text: str
    stop: bool = False


class Warm(Struct, frozen=True, array_like=True, tag=7):
    """Make an instance of this release ahead of its next call, with its code loaded: a spare.

    It serves one call of any tenant: nothing of any tenant is in it. `memory_bytes`, `component`:
    as in the Start it will serve."""

    digest: str
    memory_bytes: int
    component: str = ""


class NeedCode(Struct, frozen=True, array_like=True, tag=4):
    """The worker does not have the release's code yet."""


class Ask(Struct, frozen=True, array_like=True, tag=5):
    """The guest makes a host call; `payload` is its JSON text."""

    name: str
    payload: str


class Done(Struct, frozen=True, array_like=True, tag=6):
    """The guest has ended. `case` as in Answer, or 'trap' or 'timeout'; times in ms."""

    case: str
    text: str
    logs: tuple[str, ...]
    guest_cpu_ms: float
    started_ms: float
    instantiate_ms: float
    call_ms: float


ToWorker = Start | Code | Answer | Warm
ToHost = NeedCode | Ask | Done
