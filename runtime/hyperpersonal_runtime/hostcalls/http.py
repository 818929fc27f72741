"""`http.fetch`: HTTP to an allow-listed place, with credentials the plugin never sees."""

import asyncio
import base64

from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer

from hyperpersonal_runtime.egress.fetcher import SAFE_METHODS, Exchange, FetchError
from hyperpersonal_runtime.egress.scrub import Scrubber
from hyperpersonal_runtime.hostcalls.context import Context, Effect, invalid
from hyperpersonal_runtime.hostcalls.http_send import (
    Ask,
    Cost,
    DeniedError,
    failed,
    first_hop,
    next_hop,
    refusal,
    send,
    shown_headers,
)

RESPONSE_BYTES_MAX = 256 * 1024
REDIRECTS_MAX = 5


class Fetch(Ask, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`redirects`: how many may be followed (0: they are shown as they are); `binary`: the body
    comes as `body_base64`."""

    redirects: int = 0
    binary: bool = False


def fetch(ask: Fetch, context: Context) -> Effect | Failure:
    """One request, its whole response."""
    fault = refusal(ask, context)
    if fault is not None:
        return fault
    if not 0 <= ask.redirects <= REDIRECTS_MAX:
        return invalid(f"redirects: 0..{REDIRECTS_MAX}")
    return Effect(lambda: _fetch(ask, context), write=ask.method not in SAFE_METHODS)


async def _fetch(ask: Fetch, context: Context) -> HostAnswer:
    cost, secrets = Cost(), set[str]()
    wait_ms = context.wait_ms(ask.timeout_ms)
    try:
        async with asyncio.timeout(wait_ms / 1000):
            exchange = await _followed(ask, context, secrets, cost)
            body = await _whole(exchange)
    except TimeoutError:
        return failed(Failure(FailureKind.FAILED, f"no answer within {wait_ms} ms"), cost)
    except FetchError as error:
        return failed(Failure(FailureKind.FAILED, str(error)), cost)
    except DeniedError as denied:
        return failed(denied.failure, cost)
    cost.bytes_in += len(body)
    return HostAnswer(_shown(ask, exchange, body, Scrubber(secrets)), cost=cost.told)


async def _followed(ask: Fetch, context: Context, secrets: set[str], cost: Cost) -> Exchange:
    """The response at the end of as many redirects as may be followed."""
    hop = first_hop(ask, context)
    for left in range(ask.redirects, -1, -1):
        exchange = await send(hop, context, secrets, cost)
        try:
            target = next_hop(hop, exchange, context) if left else None
        except DeniedError:
            exchange.close()
            raise
        if target is None:
            return exchange
        exchange.close()
        hop = target
    raise AssertionError("the last response is always shown")


async def _whole(exchange: Exchange) -> bytes:
    parts, size = [], 0
    try:
        while part := await exchange.read():
            size += len(part)
            if size > RESPONSE_BYTES_MAX:
                raise FetchError(f"the answer is over {RESPONSE_BYTES_MAX} bytes")
            parts.append(part)
    finally:
        exchange.close()
    return b"".join(parts)


def _shown(ask: Fetch, exchange: Exchange, body: bytes, scrubber: Scrubber) -> dict[str, object]:
    """The answer as the plugin sees it: without cookies and without what the host added."""
    headers = {name: scrubber.text(value) for name, value in shown_headers(exchange).items()}
    clean = scrubber.whole(body)
    shown: dict[str, object] = {"status": exchange.status, "headers": headers}
    if ask.binary:
        return shown | {"body_base64": base64.b64encode(clean).decode()}
    return shown | {"body": clean.decode("utf-8", "replace")}
