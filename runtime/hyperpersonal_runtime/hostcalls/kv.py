"""`kv.get`, `kv.put`, `kv.delete`, `kv.keys`: a small store of the installation's own."""

from typing import Any

import msgspec
from hyperpersonal_sdk.contract.outcomes import Failure, HostAnswer
from msgspec import Struct

from hyperpersonal_runtime.hostcalls.context import Context, Effect, invalid, limit

KEY_CHARS_MAX = 200
KEYS_MAX = 100


class Key(Struct, frozen=True, forbid_unknown_fields=True):
    key: str


class Put(Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    value: Any


class Keys(Struct, frozen=True, forbid_unknown_fields=True):
    prefix: str = ""
    limit: int = KEYS_MAX


def get(ask: Key, context: Context) -> Effect | Failure:
    """The value of a key; null when there is none."""
    refusal = _refusal(ask.key, context)
    return refusal or Effect(lambda: _get(ask, context))


def put(ask: Put, context: Context) -> Effect | Failure:
    """Keep a value; all of them together stay within the grant."""
    granted = context.granter.store()
    if isinstance(granted, Failure):
        return granted
    refusal = _refusal(ask.key, context)
    if refusal:
        return refusal
    text = msgspec.json.encode(ask.value).decode()
    if len(text.encode()) > granted:
        return limit(f"the store holds at most {granted} bytes")
    return Effect(lambda: context.ports.kv.put(context.scope, ask.key, text, granted), write=True)


def delete(ask: Key, context: Context) -> Effect | Failure:
    """Forget a key; whether there was one."""
    refusal = _refusal(ask.key, context)
    return refusal or Effect(lambda: context.ports.kv.delete(context.scope, ask.key), write=True)


def keys(ask: Keys, context: Context) -> Effect | Failure:
    """The keys that begin with a prefix, sorted."""
    granted = context.granter.store()
    if isinstance(granted, Failure):
        return granted
    if not 1 <= ask.limit <= KEYS_MAX:
        return invalid(f"limit: 1..{KEYS_MAX}")
    return Effect(lambda: _keys(ask, context))


def _refusal(key: str, context: Context) -> Failure | None:
    granted = context.granter.store()
    if isinstance(granted, Failure):
        return granted
    if not 1 <= len(key) <= KEY_CHARS_MAX:
        return invalid(f"key: 1..{KEY_CHARS_MAX} characters")
    if "\0" in key:
        return invalid("key: no NUL character")
    return None


async def _get(ask: Key, context: Context) -> HostAnswer:
    """Ports keep JSON texts; the guest sees {"value": …}, null where there is none."""
    answer = await context.ports.kv.get(context.scope, ask.key)
    if answer.failure is not None:
        return answer
    text = answer.value if isinstance(answer.value, str) else "null"
    return HostAnswer(b'{"value":' + text.encode() + b"}")


async def _keys(ask: Keys, context: Context) -> HostAnswer:
    answer = await context.ports.kv.keys(context.scope, ask.prefix, ask.limit)
    return HostAnswer({"keys": answer.value}) if isinstance(answer.value, list) else answer
