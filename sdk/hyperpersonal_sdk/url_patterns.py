"""Which URLs a plugin may fetch: `https://api.shop.example/v1/*`.

Rules:
1. scheme, host, port and path are each exact or one wildcard: host `*.shop.example` (subdomains
   only) or `*`; port `:*`; path `…/*` (everything below). Never a query, a fragment or a user.
2. In each part two patterns are nested or apart, so the common part of two patterns is again one.
3. A URL that two parsers could read differently is never allowed: dot segments, encoded slashes,
   percent signs encoded twice, backslashes, addresses written as a number, other than ASCII.
   Source: RFC 3986 sections 6.2.2.3 and 7.3; WHATWG URL, "ends in a number checker".
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
_AMBIGUOUS = re.compile(
    r"//|\\|[?#]|%(?:2[35ef]|3[bf]|5c|[01][0-9a-f]|7f)|%(?![0-9a-f]{2})"
    r"|%(?:c[01]|f[5-9a-f]|e0%[89]|f0%8)"  # never UTF-8: a second spelling of something else
    r"|/\.{1,2}(?:[/;]|$)",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)", re.IGNORECASE)
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}", re.ASCII)


class Url(Struct, frozen=True):
    """The parts of a URL that has one reading only. `target`: path and query, as sent."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header has them: no default port."""
        return self.host if self.port == DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """Whom credentials and connections belong to. Source: RFC 6454 section 4."""
        return f"{self.scheme}://{self.authority}"

    @property
    def target(self) -> str:
        """Source: RFC 9112 section 3.2.1."""
        return self.path + self.query

    @property
    def text(self) -> str:
        """The URL in its one form."""
        return self.origin + self.target


def split_url(text: str) -> Url | None:
    """The parts of a URL; None when it is none, or when two parsers might read it differently.

    Who allows a URL and who connects to it both ask here: there is no second reading.
    """
    found = _URL.fullmatch(text)
    if found is None or len(text) > URL_CHARS_MAX:
        return None
    scheme, host, path = found[1], found[2].lower(), found[4] or "/"
    port = int(found[3] or DEFAULT_PORTS[scheme])
    wrong_host = host.startswith(ANY) or not _HOST.fullmatch(host) or _is_odd_number(host)
    if wrong_host or not 1 <= port <= 65_535 or _AMBIGUOUS.search(path):
        return None
    return Url(scheme, host, port, path, found[5] or "")


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
        found = split_url(url)
        if found is None:
            return False
        path = found.path.replace("*", "%2A")
        return self.covers(UrlPattern(found.scheme, found.host, found.port, path))


def _is_odd_number(host: str) -> bool:
    """127.1, 2130706433 and 0x7f.1 are 127.0.0.1 to some: only four plain numbers are taken."""
    return bool(_NUMERIC.fullmatch(host)) and not _IPV4.fullmatch(host)


def _check_host(host: str) -> None:
    if not _HOST.fullmatch(host) or _is_odd_number(host):
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
