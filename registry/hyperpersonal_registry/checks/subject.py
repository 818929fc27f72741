"""What is examined, as bytes that go to another process."""

from datetime import date

from msgspec import Struct


class Subject(Struct, frozen=True):
    """One release under examination.

    Attributes:
        artifact: the `.hpx` handed in.
        previous: the artifact of the newest published release of the plugin, if there is one.
        others: ids of plugins of other publishers that are published.
        cache: folder of compiled guests, for the checks that run it.
        today: the day, for data that goes stale; the machine's when left out.
        advisories: known vulnerabilities; those shipped when left out.
    """

    artifact: bytes
    cache: str
    previous: bytes | None = None
    others: tuple[str, ...] = ()
    today: date | None = None
    advisories: bytes | None = None
