"""The demo's pages and their parts, from `web/widget`, with a strict content policy."""

from pathlib import Path

from litestar import Response, get
from litestar.enums import MediaType
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from hyperpersonal_web.paths import WIDGET

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
HEADERS = {
    "content-security-policy": "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' "
    "data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def _names() -> set[str]:
    return {path.name for path in WIDGET.iterdir()}


def _file(name: str) -> Response[bytes]:
    path = WIDGET / Path(name).name
    if path.suffix not in TYPES or path.name not in _names():
        raise NotFoundException(f"there is no {name}")
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=HEADERS)


@get("/", include_in_schema=False, media_type=MediaType.HTML)
async def index() -> Response[bytes]:
    """The shopper's page."""
    return _file("index.html")


@get("/staff", include_in_schema=False, media_type=MediaType.HTML)
async def staff_page() -> Response[bytes]:
    """The staff's page."""
    return _file("staff.html")


@get("/market", include_in_schema=False, media_type=MediaType.HTML)
async def market_page() -> Response[bytes]:
    """The merchant's market."""
    return _file("market.html")


@get("/review", include_in_schema=False, media_type=MediaType.HTML)
async def review_page() -> Response[bytes]:
    """The reviewers' page; it shows what to sign and signs nothing."""
    return _file("review.html")


@get("/assets/{name:str}", include_in_schema=False)
async def asset(name: FromPath[str]) -> Response[bytes]:
    """One part of a page."""
    return _file(name)


ROUTES = (index, staff_page, market_page, review_page, asset)
