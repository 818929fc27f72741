"""What hosts take for the present, moved ahead: metadata expires without anybody waiting for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone, tzinfo
from types import SimpleNamespace
from unittest import mock

_READERS = "hyperpersonal_registry.trust.verified"
_TUF = "tuf.ngclient._internal.trusted_metadata_set"


@contextmanager
def ahead(by: timedelta) -> Iterator[None]:
    """Within, who verifies metadata has a clock that is so much ahead of this machine's."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + by

    as_module = SimpleNamespace(datetime=Ahead, timezone=timezone)
    with mock.patch(f"{_READERS}.datetime", Ahead), mock.patch(f"{_TUF}.datetime", as_module):
        yield
