"""The registry asks the witnesses of its log, over HTTP."""

from contextlib import AsyncExitStack

import httpx
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import Asking, Registry
from hyperpersonal_registry.witness.asking import Post

from hyperpersonal_web.ground import background
from hyperpersonal_web.witnesses import witnesses_of

ANSWER_BYTES_MAX = 64 * 1024
POST_SECONDS_MAX = 5.0


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
