"""From the vendor's answer to the host's words: a whole one, or one that comes in pieces."""

import json

STOPS = {"stop": "end", "tool_calls": "tools", "length": "length", "content_filter": "refused"}


def answered(said, names):
    """A whole completion."""
    if not said.choices:
        return _error("malformed", "the service gave no choice")
    choice = said.choices[0]
    calls = [
        (call.id, call.function.name, call.function.arguments)
        for call in choice.message.tool_calls or ()
        if call.type == "function"
    ]
    text = choice.message.content or choice.message.refusal or ""
    stop = "refused" if choice.message.refusal else choice.finish_reason
    return _answer(text, calls, stop, (said.usage, said.model), names)


async def streamed(flow, names, draft):
    """The same, told to the host piece by piece while it comes."""
    parts, calls = [], {}
    stop = usage = None
    model = ""
    async for chunk in flow:
        model = chunk.model or model
        usage = chunk.usage or usage
        if not chunk.choices:
            continue
        choice = chunk.choices[0]
        stop = choice.finish_reason or stop
        piece = choice.delta.content or choice.delta.refusal or ""
        if piece:
            parts.append(piece)
            await draft.add(piece)
        for delta in choice.delta.tool_calls or ():
            _grow(calls, delta)
    if stop is None:
        return _error("cut", "the stream ended before the answer did")
    found = [tuple(calls[index]) for index in sorted(calls)]
    return _answer("".join(parts), found, stop, (usage, model), names)


def _grow(calls, delta):
    call = calls.setdefault(delta.index, ["", "", ""])
    call[0] = delta.id or call[0]
    if delta.function:
        call[1] += delta.function.name or ""
        call[2] += delta.function.arguments or ""


def _answer(text, calls, stop, about, names):
    usage, model = about
    try:
        uses = [_use(call, names) for call in calls]
    except ValueError as error:
        return _error("malformed", f"a tool's arguments are no JSON object: {error}")
    return {
        "text": text,
        "uses": uses,
        "stop": STOPS.get(stop, "refused" if stop == "refused" else "end"),
        "usage": _usage(usage),
        "model": model or "",
    }


def _use(call, names):
    id_, name, arguments = call
    value = json.loads(arguments or "{}")
    if not isinstance(value, dict):
        raise ValueError(arguments[:100])
    return {"id": id_, "name": names.own(name), "arguments": value}


def _usage(usage):
    if usage is None:
        return {}
    details = usage.prompt_tokens_details
    cached = (details.cached_tokens or 0) if details else 0
    return {
        "tokens_in": usage.prompt_tokens,
        "tokens_out": usage.completion_tokens,
        "tokens_cached": cached,
    }


def _error(kind, message):
    return {"error": {"kind": kind, "message": message}}
