"""Witnesses of the log: which ones this deployment wants, how its registry asks them, and running
one."""

from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import Asking, Registry, WitnessAt
from hyperpersonal_registry.witness.asking import Post
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency.checkpoint import Witnesses
from hyperpersonal_sdk.transparency.note import COSIGNATURE, NoteKey

from hyperpersonal_web.ground import background

ANSWER_BYTES_MAX = 64 * 1024
POST_SECONDS_MAX = 5.0


def witnesses_of(settings: Settings) -> list[WitnessAt]:
    """The witnesses in `HP_WITNESSES`, `KEY URL` each, divided by commas.

    Raises:
        RefusedError: one cannot be read, or is there twice.
    """
    found = [_witness(part.split()) for part in settings.witnesses.split(",") if part.strip()]
    if len({one.key.name for one in found}) != len(found):
        raise RefusedError("HP_WITNESSES names a witness twice: each counts once")
    return found


def wanted_of(settings: Settings) -> Witnesses:
    """Whose cosignatures this host wants before it believes a checkpoint, and how many.

    Raises:
        RefusedError: more than there are.
    """
    keys = tuple(one.key for one in witnesses_of(settings))
    if settings.witnesses_needed > len(keys):
        said = f"HP_WITNESSES_NEEDED is {settings.witnesses_needed}, HP_WITNESSES names {len(keys)}"
        raise RefusedError(f"{said}: no checkpoint could ever be believed")
    return Witnesses(keys, settings.witnesses_needed)


def ask_witnesses(stack: AsyncExitStack, settings: Settings, registry: Registry) -> None:
    """Ask them for each new checkpoint while the stack is open."""
    witnesses = [one for one in witnesses_of(settings) if one.url]
    if witnesses:
        client = httpx.AsyncClient(timeout=POST_SECONDS_MAX, follow_redirects=False)
        stack.push_async_callback(client.aclose)
        background(stack, Asking(registry.ground, witnesses, over_http(client)).run())


def over_http(client: httpx.AsyncClient) -> Post:
    """The way to witnesses; what they answer is bounded, and verified by who asked."""

    async def post(url: str, body: bytes) -> tuple[int, bytes]:
        try:
            async with client.stream("POST", url, content=body) as answer:
                data = b""
                async for part in answer.aiter_bytes():
                    data += part
                    if len(data) > ANSWER_BYTES_MAX:
                        raise OutsideError("the witness's answer has no end")
                return answer.status_code, data
        except httpx.HTTPError as error:
            raise OutsideError(f"the witness gave no answer: {error!r}") from error

    return post


def _witness(parts: list[str]) -> WitnessAt:
    text, url = (*parts, "")[:2]
    try:
        key = NoteKey.parse(text)
    except UntrustedError as error:
        raise RefusedError(f"HP_WITNESSES: {error}; `hp registry witness init` shows it") from error
    if len(parts) > 2 or key.kind != COSIGNATURE or not (url or "http").startswith("http"):
        raise RefusedError("HP_WITNESSES: a witness is its key, a space, and its http(s) address")
    return WitnessAt(key, url.rstrip("/"))


def lines_of(path: Path) -> list[str]:
    """What stands in a file, a line each; without empty lines and comments."""
    rows = (row.strip() for row in path.read_text().splitlines())
    return [row for row in rows if row and not row.startswith("#")]
