"""What `http.fetch` and `http.open` share: the check of a request, its credentials, its redirects.

The plugin never holds a credential: the host adds the installation's own headers after method, host
and path matched the grant, anew for each address a redirect leads to.
"""

import base64
import binascii
from typing import Any
from urllib.parse import urljoin

from hyperpersonal_sdk.contract.outcomes import Failure, HostAnswer
from hyperpersonal_sdk.url_patterns import Url, split_url
from msgspec import Struct, structs

from hyperpersonal_runtime.egress.fetcher import SAFE_METHODS, Exchange, FetchError, Request
from hyperpersonal_runtime.hostcalls.context import Context, invalid, limit

BODY_BYTES_MAX = 256 * 1024
REQUESTS_MAX = 50
TURN_BYTES_MAX = 16 << 20
HEADERS_MAX = 30
HEADER_CHARS_MAX = 4_000
TIMEOUT_MS = 15_000
TIMEOUT_MS_MAX = 300_000

# The host's own, or about the connection. Source: RFC 9110 section 7.6.1.
_NOT_THE_PLUGINS = {"host", "content-length", "connection", "transfer-encoding", "te", "trailer",
                    "upgrade", "keep-alive", "proxy-authorization", "expect"}  # fmt: skip
_NOT_SHOWN = {"set-cookie", "set-cookie2", "connection", "transfer-encoding", "keep-alive"}
# What may go along to another origin: nothing that could say who asks.
_HARMLESS = {"accept", "accept-language", "content-type", "user-agent"}
_FOLLOWED = (301, 302, 303, 307, 308)


class Ask(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request as a plugin asks for it. Binary bodies are base64, in `body_base64`."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = {}
    body: str = ""
    body_base64: str = ""
    timeout_ms: int = TIMEOUT_MS


class Cost(Struct):
    """What a call used: in the journal, and against the turn's bounds."""

    requests: int = 0
    bytes_in: int = 0
    bytes_out: int = 0

    @property
    def told(self) -> dict[str, Any]:
        return {name: count for name, count in structs.asdict(self).items() if count}


class DeniedError(Exception):
    """A redirect leads where nothing was granted."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Hop(Struct, frozen=True):
    """A request on its way, before credentials."""

    url: Url
    method: str
    headers: dict[str, str]
    body: bytes


def refusal(ask: Ask, context: Context) -> Failure | None:
    """Why this request may not be sent at all."""
    return _ungranted(ask.method, ask.url, context) or _malformed(ask) or spent(context)


def spent(context: Context) -> Failure | None:
    """Why this turn may ask no more. Counted by its journal, so a resumed turn has no more left."""
    asked = (e for e in context.earlier() if e.name in ("http.fetch", "http.open"))
    if sum(entry.cost.get("requests", 1) for entry in asked) >= REQUESTS_MAX:
        return limit(f"at most {REQUESTS_MAX} requests a turn")
    if turn_bytes(context) > TURN_BYTES_MAX:
        return limit(f"at most {TURN_BYTES_MAX} bytes a turn")
    return None


def turn_bytes(context: Context) -> int:
    """What the turn's requests have moved, both ways."""
    earlier = (entry.cost for entry in context.earlier() if entry.name.startswith("http."))
    return sum(cost.get("bytes_in", 0) + cost.get("bytes_out", 0) for cost in earlier)


def first_hop(ask: Ask, context: Context) -> Hop:
    """The request itself; `refusal` has let it pass."""
    url = split_url(ask.url)
    assert url is not None, "the granter allows no other"
    headers = {name.lower(): value for name, value in ask.headers.items()}
    headers.pop("accept-encoding", None)  # the host decodes
    if ask.method not in SAFE_METHODS:
        headers.setdefault("idempotency-key", context.key)
    headers.setdefault("user-agent", "HyperPersonal/1")
    return Hop(url, ask.method, headers, body_of(ask))


async def send(hop: Hop, context: Context, secrets: set[str], cost: Cost) -> Exchange:
    """Put the credentials in and send. `secrets` takes them in, to be scrubbed.

    Raises:
        FetchError: no response.
    """
    scope = context.scope
    added = await context.ports.secrets.headers_for(scope, hop.url.text)
    if not all(value.isascii() and value.isprintable() for value in added.values()):
        raise FetchError("a stored credential is no header's value")
    secrets.update(added.values())
    ours = {name.lower(): value for name, value in added.items()}
    names = {_plain(name) for name in ours}
    theirs = {name: value for name, value in hop.headers.items() if _plain(name) not in names}
    headers = theirs | ours
    cost.requests += 1
    cost.bytes_out += len(hop.body)
    owner = f"{scope.tenant_id} {scope.installation_id}"
    wait_s = context.wait_ms(TIMEOUT_MS_MAX) / 1000
    request = Request(owner, hop.url, hop.method, list(headers.items()), hop.body, wait_s)
    return await context.fetcher.send(request)


def next_hop(hop: Hop, exchange: Exchange, context: Context) -> Hop | None:
    """Where a redirect leads; None when the response is none.

    Raises:
        DeniedError: not to a URL that was granted with this method, or from https to http.
    """
    location = dict(exchange.headers).get("location")
    if exchange.status not in _FOLLOWED or location is None:
        return None
    text = urljoin(hop.url.text, location)
    method = "GET" if _becomes_get(exchange.status, hop.method) else hop.method
    failure = _ungranted(method, text, context)
    url = split_url(text)
    if failure or url is None or (hop.url.scheme, url.scheme) == ("https", "http"):
        raise DeniedError(failure or invalid("a redirect from https to http"))
    body = hop.body if method == hop.method else b""
    return Hop(url, method, _carried(hop, url), body)


def shown_headers(exchange: Exchange) -> dict[str, str]:
    """The response's headers as the plugin may see them. Source: RFC 9110 section 5.3 (joining)."""
    shown: dict[str, str] = {}
    for name, value in exchange.headers:
        if name not in _NOT_SHOWN:
            shown[name] = f"{shown[name]}, {value}" if name in shown else value
    return shown


def failed(failure: Failure, cost: Cost) -> HostAnswer:
    """A failure that still cost something."""
    return HostAnswer(failure=failure, cost=cost.told)


def body_of(ask: Ask) -> bytes:
    if not ask.body_base64:
        return ask.body.encode()
    return base64.b64decode(ask.body_base64, validate=True)


def _plain(name: str) -> str:
    """To a server behind CGI, `X_Key` and `x-key` are one header (RFC 3875 section 4.1.18)."""
    return name.lower().replace("_", "-")


def _becomes_get(status: int, method: str) -> bool:
    """Source: RFC 9110 section 15.4 (303; and 301, 302 as every client does them)."""
    return method != "HEAD" and (status == 303 or (status in (301, 302) and method == "POST"))


def _carried(hop: Hop, url: Url) -> dict[str, str]:
    if url.origin == hop.url.origin:
        return hop.headers
    return {name: value for name, value in hop.headers.items() if name in _HARMLESS}


def _ungranted(method: str, url: str, context: Context) -> Failure | None:
    return context.granter.fetch(method, url)


def _malformed(ask: Ask) -> Failure | None:
    if not 1 <= ask.timeout_ms <= TIMEOUT_MS_MAX:
        return invalid(f"timeout_ms: 1..{TIMEOUT_MS_MAX}")
    try:
        size = len(body_of(ask))
    except (binascii.Error, ValueError):
        return invalid("body_base64 is no base64")
    if ask.body and ask.body_base64:
        return invalid("either body or body_base64")
    if size > BODY_BYTES_MAX:
        return limit(f"a body has at most {BODY_BYTES_MAX} bytes")
    return _malformed_headers(ask.headers)


def _malformed_headers(headers: dict[str, str]) -> Failure | None:
    if len(headers) > HEADERS_MAX:
        return limit(f"at most {HEADERS_MAX} headers")
    for name, value in headers.items():
        token = name.replace("-", "").replace("_", "")
        if not (token.isascii() and token.isalnum()) or _plain(name) in _NOT_THE_PLUGINS:
            return invalid(f"header {name[:60]!r} cannot be set")
        if len(value) > HEADER_CHARS_MAX or not (value.isascii() and value.isprintable()):
            return invalid(f"header {name}: printable ASCII, at most {HEADER_CHARS_MAX} characters")
    return None
