"""From the host's words to the vendor's: the arguments of `messages.create`.

The vendor's newer models take no temperature, and its client has no argument for one.
"""


def asked(ask, names):
    """All arguments; what was not asked for is left out."""
    call = {
        "model": ask.model,
        "max_tokens": ask.tokens_max,
        "messages": _messages(ask.messages, names),
    }
    if ask.get("instructions"):
        call["system"] = ask.instructions
    tools = ask.get("tools") or []
    if tools:
        call["tools"] = [_tool(tool, names) for tool in tools]
        if not ask.get("may_use", True):
            call["tool_choice"] = {"type": "none"}
    if ask.get("json_schema") is not None:
        schema = {"type": "json_schema", "schema": ask.json_schema.to_json()}
        call["output_config"] = {"format": schema}
    return call


def _messages(messages, names):
    """The results of one round of tools stand together in one line of the user."""
    lines = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message, names)
        if lines and lines[-1]["role"] == role:
            lines[-1]["content"] += blocks
        elif blocks:
            lines.append({"role": role, "content": blocks})
    return lines


def _blocks(message, names):
    text = message.get("text") or ""
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.use_id, "content": text}]
    blocks = [{"type": "text", "text": text}] if text.strip() else []
    return blocks + [
        {
            "type": "tool_use",
            "id": use.id,
            "name": names.wire(use.name),
            "input": use.arguments.to_json(),
        }
        for use in message.get("uses") or ()
    ]


def _tool(tool, names):
    schema = tool.parameters.to_json() or {"type": "object", "properties": {}}
    made = {"name": names.wire(tool.name), "input_schema": schema}
    if tool.get("description"):
        made["description"] = tool.description
    return made
