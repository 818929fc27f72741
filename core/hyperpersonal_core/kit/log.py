"""Structured logs: an event `noun.verb` and ids; never a body, a text of a person, or a secret.

People see colours on a terminal, machines one JSON object a line.
"""

import logging
import sys
from typing import Any, TextIO

import structlog

Log = structlog.typing.FilteringBoundLogger


def configure(level: str = "info", *, json: bool | None = None, to: TextIO | None = None) -> None:
    """Set the process's logging up, once, at its start.

    Args:
        level: debug, info, warning or error.
        json: None means "unless `to` is a terminal".
        to: where lines go; standard error by default, so that output stays usable.
    """
    stream = to or sys.stderr
    machine = not stream.isatty() if json is None else json
    render: Any = structlog.processors.JSONRenderer() if machine else _pretty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if machine else []),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def _pretty() -> structlog.dev.ConsoleRenderer:
    """Tracebacks stay plain: the fancy ones show local variables, and those may be secrets."""
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=True, exception_formatter=plain)


def get(part: str) -> Log:
    """A logger of one part of the program, for example `get("outbox")`."""
    logger: Log = structlog.get_logger(part=part)
    return logger
