"""From the host's words to the vendor's: the arguments of `chat.completions.create`."""

import json


def asked(ask, names):
    """All arguments; what was not asked for is left out."""
    config = ask.get("config")
    limit = (config and config.get("tokens_field")) or "max_completion_tokens"
    call = {"model": ask.model, "messages": _messages(ask, names), limit: ask.tokens_max}
    tools = ask.get("tools") or []
    if tools:
        call["tools"] = [_tool(tool, names) for tool in tools]
        if not ask.get("may_use", True):
            call["tool_choice"] = "none"
    if ask.get("temperature") is not None:
        call["temperature"] = ask.temperature
    if ask.get("json_schema") is not None:
        schema = {"name": "answer", "schema": ask.json_schema.to_json()}
        call["response_format"] = {"type": "json_schema", "json_schema": schema}
    if ask.get("stream"):
        call |= {"stream": True, "stream_options": {"include_usage": True}}
    return call


def _messages(ask, names):
    first = [{"role": "system", "content": ask.instructions}] if ask.get("instructions") else []
    return first + [_message(message, names) for message in ask.messages]


def _message(message, names):
    text, uses = message.get("text") or "", message.get("uses") or []
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.use_id, "content": text}
    if not uses:
        return {"role": message.role, "content": text}
    calls = [{"id": use.id, "type": "function", "function": _use(use, names)} for use in uses]
    return {"role": message.role, "content": text or None, "tool_calls": calls}


def _use(use, names):
    return {"name": names.wire(use.name), "arguments": json.dumps(use.arguments.to_json())}


def _tool(tool, names):
    schema = tool.parameters.to_json() or {"type": "object", "properties": {}}
    function = {"name": names.wire(tool.name), "parameters": schema}
    if tool.get("description"):
        function["description"] = tool.description
    return {"type": "function", "function": function}
