"""`http.open`, `http.read`, `http.close`: a response read as it comes.

A stream belongs to the hook call that opened it and ends with it. Reads are journaled like every
call: a re-run gets the recorded parts again, and where the stream itself is gone (another process
goes on with the turn) a further read fails, and the plugin may ask anew.
"""

import asyncio

from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer
from msgspec import Struct

from hyperpersonal_runtime.egress.fetcher import SAFE_METHODS, FetchError
from hyperpersonal_runtime.egress.scrub import Scrubber
from hyperpersonal_runtime.egress.streams import READ_BYTES_MAX, STREAMS_MAX, Stream
from hyperpersonal_runtime.hostcalls.context import Context, Effect, invalid, limit
from hyperpersonal_runtime.hostcalls.http_send import (
    TURN_BYTES_MAX,
    Ask,
    Cost,
    failed,
    first_hop,
    refusal,
    send,
    shown_headers,
    turn_bytes,
)

FIRST_BYTE_MS = 60_000
READ_BYTES_MIN = 4  # one character of UTF-8
CUT = Failure(FailureKind.FAILED, "the stream was cut")


class Open(Ask, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`timeout_ms`: until the response begins."""

    timeout_ms: int = FIRST_BYTE_MS


class Read(Struct, frozen=True, forbid_unknown_fields=True):
    """`bytes_max`: of the text's UTF-8."""

    stream: str
    bytes_max: int = READ_BYTES_MAX


class Close(Struct, frozen=True, forbid_unknown_fields=True):
    stream: str


def open_stream(ask: Open, context: Context) -> Effect | Failure:
    """Send a request; its response begins."""
    fault = refusal(ask, context)
    if fault is not None:
        return fault
    if context.streams.full:
        return limit(f"at most {STREAMS_MAX} open streams")
    return Effect(lambda: _open(ask, context), write=ask.method not in SAFE_METHODS)


def read_stream(ask: Read, context: Context) -> Effect | Failure:
    """What has arrived, at least one byte until it is done."""
    if not READ_BYTES_MIN <= ask.bytes_max <= READ_BYTES_MAX:
        return invalid(f"bytes_max: {READ_BYTES_MIN}..{READ_BYTES_MAX}")
    if turn_bytes(context) > TURN_BYTES_MAX:
        return limit(f"at most {TURN_BYTES_MAX} bytes a turn")
    return Effect(lambda: _read(ask, context))


def close_stream(ask: Close, context: Context) -> Effect | Failure:
    """The rest is not wanted."""
    context.streams.end(ask.stream)
    return Effect(at_once=HostAnswer({}))


async def _open(ask: Open, context: Context) -> HostAnswer:
    cost, secrets = Cost(), set[str]()
    wait_ms = context.wait_ms(ask.timeout_ms)
    try:
        async with asyncio.timeout(wait_ms / 1000):
            exchange = await send(first_hop(ask, context), context, secrets, cost)
    except TimeoutError:
        return failed(Failure(FailureKind.FAILED, f"no answer within {wait_ms} ms"), cost)
    except FetchError as error:
        return failed(Failure(FailureKind.FAILED, str(error)), cost)
    scrubber = Scrubber(secrets)
    context.streams.put(context.path, Stream(exchange, scrubber))
    headers = {name: scrubber.text(value) for name, value in shown_headers(exchange).items()}
    told = {"stream": context.path, "status": exchange.status, "headers": headers}
    return HostAnswer(told, cost=cost.told)


async def _read(ask: Read, context: Context) -> HostAnswer:
    stream = context.streams.get(ask.stream)
    if stream is None:
        return HostAnswer(failure=CUT)
    try:
        text, done = await stream.read(ask.bytes_max)
    except TimeoutError:
        context.streams.end(ask.stream)
        return HostAnswer(failure=Failure(FailureKind.FAILED, "the stream fell silent"))
    except FetchError as error:
        context.streams.end(ask.stream)
        return HostAnswer(failure=Failure(FailureKind.FAILED, str(error)))
    size = Cost(bytes_in=len(text.encode()))
    return HostAnswer({"body": text, "done": done}, cost=size.told)
