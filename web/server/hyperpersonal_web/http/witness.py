"""A witness's HTTP: C2SP tlog-witness, and its key for whoever asks."""

from typing import Any, cast

from hyperpersonal_registry.api import NotCosignedError, Witness
from litestar import Litestar, Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency, Provide

from hyperpersonal_web.asgi import App

BODY_BYTES_MAX = 128 * 1024
SIZE_TYPE = "text/x.tlog.size"
TEXT = "text/plain; charset=utf-8"


@post("/add-checkpoint", status_code=200)
async def add_checkpoint(
    request: Request[Any, Any, Any], witness: NamedDependency[Witness]
) -> Response[bytes]:
    """Cosign a checkpoint that continues the one seen last."""
    body = await request.body()
    try:
        line = await sync_to_thread(witness.add_checkpoint, body)
    except NotCosignedError as error:
        if error.size is not None:
            return Response(f"{error.size}\n".encode(), status_code=409, media_type=SIZE_TYPE)
        said = f"{error.message}\n".encode()
        return Response(said, status_code=error.status, media_type=TEXT)
    return Response(line, media_type=TEXT)


@get("/")
async def read_key(witness: NamedDependency[Witness]) -> Response[bytes]:
    """The key that verifies this witness's cosignatures."""
    return Response(f"{witness.public.text}\n".encode(), media_type=TEXT)


def create_witness_app(witness: Witness) -> App:
    """The witness as an application of its own."""
    made = Litestar(
        route_handlers=[add_checkpoint, read_key],
        dependencies={"witness": Provide(lambda: witness, sync_to_thread=False)},
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )
    return cast("App", made)
