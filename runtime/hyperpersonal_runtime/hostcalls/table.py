"""Name -> (type of the request, what prepares it)."""

from collections.abc import Callable
from typing import Any

import msgspec
from hyperpersonal_sdk.contract.outcomes import Failure

from hyperpersonal_runtime.hostcalls import (
    http,
    http_streams,
    knowledge,
    kv,
    memory,
    model,
    tool,
    values,
)
from hyperpersonal_runtime.hostcalls.context import Context, Effect, invalid, limit
from hyperpersonal_runtime.nesting import NESTING_MAX, too_deep

Prepare = Callable[[Any, Context], Effect | Failure]


def _call(type_: type, prepare: Prepare) -> "tuple[msgspec.json.Decoder[Any], Prepare]":
    return msgspec.json.Decoder(type_), prepare


HOST_CALLS = {
    "tool.call": _call(tool.Call, tool.call),
    "memory.recall": _call(memory.Recall, memory.recall),
    "memory.remember": _call(memory.Remember, memory.remember),
    "knowledge.search": _call(knowledge.Search, knowledge.search),
    "model.generate": _call(model.Generate, model.generate),
    "model.delta": _call(model.Delta, model.delta),
    "http.fetch": _call(http.Fetch, http.fetch),
    "http.open": _call(http_streams.Open, http_streams.open_stream),
    "http.read": _call(http_streams.Read, http_streams.read_stream),
    "http.close": _call(http_streams.Close, http_streams.close_stream),
    "kv.get": _call(kv.Key, kv.get),
    "kv.put": _call(kv.Put, kv.put),
    "kv.delete": _call(kv.Key, kv.delete),
    "kv.keys": _call(kv.Keys, kv.keys),
    "clock.now": _call(values.Now, values.now),
    "random.bytes": _call(values.Random, values.random_bytes),
}


def prepare(name: str, payload: str, context: Context) -> Effect | Failure:
    """The effect a host call asks for, or why not."""
    known = HOST_CALLS.get(name)
    if known is None:
        return invalid(f"there is no host call {name[:100]!r}; there are {', '.join(HOST_CALLS)}")
    if too_deep(payload):
        return limit(f"{name}: JSON is nested at most {NESTING_MAX} levels")
    decoder, make = known
    try:
        ask = decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        return invalid(f"{name}: {error}")
    return make(ask, context)
