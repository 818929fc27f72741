"""The component's entry: one JSON request in, one JSON answer or typed failure out.

Requests: {"op": "compile", "files": {path: source}} -> {module: [code, is package]};
{"op": "call", "hook", "entry", "modules", "payload"} -> the hook's answer; {"op": "load", "entry",
"modules"} only loads. The WIT world's own {"hook", "payload"} is served by the plugin that this
instance loaded earlier, or was built with.
"""

import gc
import json
import random
import sys

import wit_world
from componentize_py_types import Err
from wit_world.imports import host, types

from hyperpersonal_sdk.authoring import Host, HostCallFailedError, Suspended
from hyperpersonal_sdk.guest import loader, stdlib, walls, warm

GC_THRESHOLD = 20_000  # a call is short: only one that makes much garbage is swept

LEVELS = {
    "debug": types.Level.DEBUG,
    "info": types.Level.INFO,
    "warn": types.Level.WARN,
    "error": types.Level.ERROR,
}
FAILURES = {
    "denied": types.Failure_Denied,
    "not-found": types.Failure_NotFound,
    "invalid": types.Failure_Invalid,
    "limit": types.Failure_Limit,
    "unavailable": types.Failure_Unavailable,
    "failed": types.Failure_Failed,
}
LOADED = []  # the plugin of this instance
KINDS = {case: kind for kind, case in FAILURES.items()}


def log(level, text):
    host.log(LEVELS.get(level, types.Level.INFO), walls.clean(text))


def call(name, payload):
    """A host call as the author sees it: the answer, HostCallFailedError or Suspended."""
    try:
        return host.call(name, payload)
    except Err as error:
        failure = error.value
    if isinstance(failure, types.Failure_Suspended):
        raise Suspended
    raise HostCallFailedError(KINDS[type(failure)], failure.value)


def run(request, call, log):
    op = request.get("op", "call")
    if op == "compile":
        return loader.compile_sources(request["files"])
    if "modules" in request:
        LOADED[:] = [loader.load_plugin(request["entry"], request["modules"])]
    if op == "load":
        return None
    return LOADED[0].dispatch(request["hook"], request["payload"], Host(call, log))


def failure_of(error):
    """The typed failure that stands for an exception nobody caught."""
    if isinstance(error, Suspended):
        return types.Failure_Suspended()
    if isinstance(error, HostCallFailedError):
        return FAILURES.get(error.kind, types.Failure_Failed)(walls.clean(error.message))
    if isinstance(error, MemoryError):
        return types.Failure_Limit("out of memory")
    log("error", walls.traceback_text(error))
    return types.Failure_Failed(walls.words_of(error))


class WitWorld(wit_world.WitWorld):
    """What the component exports."""

    def handle(self, input):  # noqa: A002 - the WIT's own word
        random.seed()  # a later call of this instance draws from its own journal
        try:
            return json.dumps(
                run(json.loads(input), call, log), allow_nan=False, separators=(",", ":")
            )
        except BaseException as error:  # nothing may trap
            failure = failure_of(error)
        finally:
            sys.stdout.flush()
        raise Err(failure)


stdlib.load()
warm.warm_up(run)
walls.raise_walls(log)
LOADED.clear()
gc.collect()
gc.freeze()
gc.set_threshold(GC_THRESHOLD)
