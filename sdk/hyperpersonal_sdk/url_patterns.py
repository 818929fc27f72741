"""Which URLs a plugin may fetch: `https://api.shop.example/v1/*`.

Rules:
1. scheme, host, port and path are each exact or one wildcard: host `*.shop.example` (subdomains
   only) or `*`; port `:*`; path `…/*` (everything below). Never a query, a fragment or a user.
2. In each part two patterns are nested or apart, so the common part of two patterns is again one.
3. A URL that two parsers could read differently is never allowed: dot segments, encoded slashes,
   backslashes, other than ASCII. Source: RFC 3986 section 6.2.2.3 and 7.3.
"""

import re
from collections.abc import Callable

from msgspec import Struct

from hyperpersonal_sdk.errors import CapabilityError

EXAMPLE = "https://api.shop.example/v1/*"
ANY = "*"
DEFAULT_PORTS = {"http": 80, "https": 443}
URL_CHARS_MAX = 2_048

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:\*|(?:\*\.)?{_LABEL}(?:\.{_LABEL})*)")
_PATTERN = re.compile(r"(https?)://([^/:?#@\s]+)(?::(\d{1,5}|\*))?(/[!-~]*)?", re.ASCII)
_URL = re.compile(r'(https?)://([^/:?#@\s]+)(?::(\d{1,5}))?(/[!"$->@-~]*)?(\?[!"$-~]*)?', re.ASCII)
_AMBIGUOUS = re.compile(r"//|\\|[?#]|%2[ef]|%5c|%00|/\.{1,2}(?:/|$)", re.IGNORECASE)


class UrlPattern(Struct, frozen=True, order=True):
    """A set of URLs. `port` 0 is any port; a `path` ending in `/*` is everything below."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> "UrlPattern":
        """Raises CapabilityError that says which part is wrong."""
        found = _PATTERN.fullmatch(text)
        if found is None or len(text) > URL_CHARS_MAX:
            raise CapabilityError(
                f"{text!r} is no URL pattern: write scheme, host and path, such as {EXAMPLE}"
            )
        scheme, host, port, path = found[1], found[2].lower(), found[3], found[4] or "/"
        _check_host(host)
        _check_path(path)
        return cls(scheme, host, _pattern_port(scheme, port), path)

    @property
    def text(self) -> str:
        """The one way to write it: lower-case host, no default port, a path always."""
        if self.port == 0:
            port = ":*"
        else:
            port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.path}"

    def covers(self, other: "UrlPattern") -> bool:
        """Whether every URL of `other` is one of mine."""
        return (
            self.scheme == other.scheme
            and self.port in (0, other.port)
            and _host_covers(self.host, other.host)
            and _path_covers(self.path, other.path)
        )

    def meet(self, other: "UrlPattern") -> "UrlPattern | None":
        """The URLs of both; None when there are none."""
        host = _narrower(self.host, other.host, _host_covers)
        path = _narrower(self.path, other.path, _path_covers)
        ports_meet = self.port == other.port or 0 in (self.port, other.port)
        if host is None or path is None or not ports_meet or self.scheme != other.scheme:
            return None
        return UrlPattern(self.scheme, host, self.port or other.port, path)

    def allows(self, url: str) -> bool:
        """Whether this very URL may be fetched; an ambiguous one may not."""
        found = _URL.fullmatch(url)
        if found is None or len(url) > URL_CHARS_MAX:
            return False
        scheme, host, path = found[1], found[2].lower(), found[4] or "/"
        if host.startswith(ANY) or not _HOST.fullmatch(host) or _AMBIGUOUS.search(path):
            return False
        port = int(found[3] or DEFAULT_PORTS[scheme])
        return self.covers(UrlPattern(scheme, host, port, path.replace("*", "%2A")))


def _check_host(host: str) -> None:
    if not _HOST.fullmatch(host):
        raise CapabilityError(
            f"{host!r} is no host: write ASCII letters (punycode for others), such as "
            "api.shop.example, or *.shop.example for its subdomains"
        )


def _check_path(path: str) -> None:
    body = path[:-1] if path.endswith("/*") else path
    if ANY in body or _AMBIGUOUS.search(path):
        raise CapabilityError(
            f"{path!r} is no path pattern: no query, no '..', and '*' only as the last part after "
            f"a slash, such as {EXAMPLE}"
        )


def _pattern_port(scheme: str, port: str | None) -> int:
    if port == ANY:
        return 0
    number = int(port) if port else DEFAULT_PORTS[scheme]
    if not 1 <= number <= 65_535:
        raise CapabilityError(f"port {number} is not in 1..65535; write :8080, or :* for any port")
    return number


def _host_covers(wide: str, narrow: str) -> bool:
    return wide in (ANY, narrow) or (wide.startswith("*.") and narrow.endswith(wide[1:]))


def _path_covers(wide: str, narrow: str) -> bool:
    return wide == narrow or (wide.endswith("/*") and narrow.startswith(wide[:-1]))


def _narrower(one: str, other: str, covers: Callable[[str, str], bool]) -> str | None:
    if covers(one, other):
        return other
    return one if covers(other, one) else None
