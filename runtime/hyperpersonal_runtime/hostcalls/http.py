"""`http.fetch`: HTTP to an allow-listed place. The plugin never holds a credential: the host adds
the installation's own headers after the request is allowed, and scrubs them from the answer."""

from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer
from msgspec import Struct

from hyperpersonal_runtime.hostcalls.context import Context, Effect, invalid, limit
from hyperpersonal_runtime.hostcalls.fetcher import FetchError, Response

BODY_BYTES_MAX = 256 * 1024
REQUESTS_MAX = 50
HEADERS_MAX = 30
HEADER_CHARS_MAX = 4_000
SECRET_CHARS_MIN = 6
SAFE_METHODS = ("GET", "HEAD")
SCRUBBED = "[credential]"

# The host's own, or about the connection. Source: RFC 9110 section 7.6.1.
_NOT_THE_PLUGINS = {"host", "content-length", "connection", "transfer-encoding", "te", "trailer",
                    "upgrade", "keep-alive", "proxy-authorization", "expect"}  # fmt: skip
_NOT_SHOWN = {"set-cookie", "set-cookie2", "connection", "transfer-encoding", "keep-alive"}


class Fetch(Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    method: str = "GET"
    headers: dict[str, str] = {}
    body: str = ""


def fetch(ask: Fetch, context: Context) -> Effect | Failure:
    refusal = context.granter.fetch(ask.method, ask.url) or _malformed(ask)
    if refusal:
        return refusal
    context.spent.requests += 1
    if context.spent.requests > REQUESTS_MAX:
        return limit(f"at most {REQUESTS_MAX} requests a turn")
    return Effect(lambda: _fetch(ask, context), write=ask.method not in SAFE_METHODS)


async def _fetch(ask: Fetch, context: Context) -> HostAnswer:
    secrets = await context.ports.secrets.headers_for(context.scope, ask.url)
    headers = {name.lower(): value for name, value in ask.headers.items()}
    if ask.method not in SAFE_METHODS:
        headers.setdefault("idempotency-key", context.key)
    headers |= {name.lower(): value for name, value in secrets.items()}
    headers.setdefault("user-agent", "HyperPersonal/1")
    headers["host"] = ask.url.split("/")[2]
    body = ask.body.encode()
    if body or ask.method not in SAFE_METHODS:
        headers["content-length"] = str(len(body))
    try:
        response = await context.fetcher.fetch(ask.method, ask.url, headers.items(), body)
    except FetchError as error:
        return HostAnswer(failure=Failure(FailureKind.FAILED, str(error)))
    return HostAnswer(_shown(response, list(secrets.values())))


def _malformed(ask: Fetch) -> Failure | None:
    if len(ask.body.encode()) > BODY_BYTES_MAX:
        return limit(f"a body has at most {BODY_BYTES_MAX} bytes")
    if len(ask.headers) > HEADERS_MAX:
        return limit(f"at most {HEADERS_MAX} headers")
    for name, value in ask.headers.items():
        token = name.replace("-", "").replace("_", "")
        if not (token.isascii() and token.isalnum()) or name.lower() in _NOT_THE_PLUGINS:
            return invalid(f"header {name[:60]!r} cannot be set")
        if len(value) > HEADER_CHARS_MAX or not (value.isascii() and value.isprintable()):
            return invalid(f"header {name}: printable ASCII, at most {HEADER_CHARS_MAX} characters")
    return None


def _shown(response: Response, secrets: list[str]) -> dict[str, object]:
    """The answer as the plugin sees it: text, without cookies and without what the host added."""
    body = _scrubbed(response.body.decode("utf-8", "replace"), secrets)
    headers = {
        name.lower(): _scrubbed(value, secrets)
        for name, value in response.headers
        if name.lower() not in _NOT_SHOWN
    }
    return {"status": response.status, "headers": headers, "body": body}


def _scrubbed(text: str, secrets: list[str]) -> str:
    """Also the part of `Bearer abc` that is the secret itself."""
    for secret in secrets:
        for part in (secret, *secret.split()):
            if len(part) >= SECRET_CHARS_MIN and part in text:
                text = text.replace(part, SCRUBBED)
    return text
