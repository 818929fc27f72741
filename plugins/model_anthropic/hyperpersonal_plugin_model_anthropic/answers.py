"""From the vendor's answer to the host's words: a whole one, or one that comes in pieces."""

STOPS = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "tools",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refused",
}


def answered(said, names):
    """A whole message."""
    if said.stop_reason is None:
        return {"error": {"kind": "cut", "message": "the stream ended before the answer did"}}
    if not isinstance(said.content, list):
        return {"error": {"kind": "malformed", "message": "the service gave no content"}}
    uses = [
        {"id": block.id, "name": names.own(block.name), "arguments": dict(block.input)}
        for block in said.content
        if block.type == "tool_use"
    ]
    return {
        "text": "".join(block.text for block in said.content if block.type == "text"),
        "uses": uses,
        "stop": STOPS.get(said.stop_reason, "end"),
        "usage": _usage(said.usage),
        "model": said.model or "",
    }


async def streamed(flow, names, draft):
    """The same, told to the host piece by piece while it comes."""
    async for piece in flow.text_stream:
        if piece:
            await draft.add(piece)
    return answered(await flow.get_final_message(), names)


def _usage(usage):
    """What was read from or put into the vendor's cache was read too."""
    cached = usage.cache_read_input_tokens or 0
    made = usage.cache_creation_input_tokens or 0
    return {
        "tokens_in": usage.input_tokens + cached + made,
        "tokens_out": usage.output_tokens,
        "tokens_cached": cached,
    }
