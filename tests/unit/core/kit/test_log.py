import io
import json
from collections.abc import Iterator

import pytest
import structlog
from hyperpersonal_core.kit import log


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_that_a_machine_reads_one_object_a_line() -> None:
    out = io.StringIO()
    log.configure("info", to=out)
    logger = log.get("outbox")
    logger.info("outbox.swept", rows=3)
    logger.debug("outbox.slept")
    (line,) = out.getvalue().splitlines()
    event = json.loads(line)
    assert (event["event"], event["part"], event["rows"]) == ("outbox.swept", "outbox", 3)
    assert event["level"] == "info"


def test_that_a_person_reads_text() -> None:
    out = io.StringIO()
    log.configure("info", json=False, to=out)
    log.get("bus").warning("bus.failed")
    assert "bus.failed" in out.getvalue()


def test_that_an_unknown_level_is_refused() -> None:
    with pytest.raises(AttributeError):
        log.configure("loud")


def test_that_no_traceback_shows_local_variables() -> None:
    """They may be credentials."""
    for machine in (True, False):
        out = io.StringIO()
        log.configure("info", json=machine, to=out)
        try:
            _failing("sk-" + "canary-1")
        except RuntimeError:
            log.get("x").exception("it.failed")
        assert "RuntimeError" in out.getvalue()
        assert "sk-canary-1" not in out.getvalue()


def _failing(secret: str) -> None:
    raise RuntimeError(f"something of {len(secret)} characters")
