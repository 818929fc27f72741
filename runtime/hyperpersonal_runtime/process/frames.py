"""Frames as the host reads and writes them (sdk/native/wire.py says how they are cut)."""

import msgspec
from hyperpersonal_sdk.native import wire
from hyperpersonal_sdk.native.wire import frame
from msgspec import Struct

FROM_PROCESS_BYTES_MAX = 2 * 1024 * 1024


class Hello(Struct, frozen=True, array_like=True, tag=wire.HELLO):
    """The plugin is loaded; or the body says why not."""


class Ask(Struct, frozen=True, array_like=True, tag=wire.ASK):
    """A host call of an open call; the body is its JSON."""

    call: int
    name: str


class Done(Struct, frozen=True, array_like=True, tag=wire.DONE):
    """A call has ended; the body is the answer, or words when `case` is not ''."""

    call: int
    case: str
    cpu_ms: float
    logs: list[str]


class Pong(Struct, frozen=True, array_like=True, tag=wire.PONG):
    """The loop still turns."""

    number: int


FromProcess = Hello | Ask | Done | Pong

_DECODER = msgspec.json.Decoder(FromProcess)
_ENCODER = msgspec.json.Encoder()


class NotAFrameError(Exception):
    """The process says what is no frame; nothing after it can be trusted."""


def read(header: bytes, body: bytes) -> tuple[FromProcess, str]:
    """Raises NotAFrameError."""
    try:
        return _DECODER.decode(header), body.decode()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotAFrameError(str(error)[:200]) from None


def begin(number: int, hook: str, payload: str, seed: str, limits: list[int]) -> bytes:
    return _written([wire.BEGIN, number, hook, seed, limits], payload)


def answer(number: int, case: str, text: str) -> bytes:
    return _written([wire.ANSWER, number, case], text)


def stop(number: int) -> bytes:
    return _written([wire.STOP, number])


def ping(number: int) -> bytes:
    return _written([wire.PING, number])


def _written(header: list[object], body: str = "") -> bytes:
    return frame(_ENCODER.encode(header), body.encode())
