"""OpenAI's Chat Completions as a server sees it. Source: the vendor's API reference, v1.

Also the checks a real server makes, so that a client that is wrong here is wrong there.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from hyperpersonal_sdk.contract.models import GenerateAsk, ModelMessage, ModelTool, ToolUse

from hyperpersonal_web.model_stub.script import Said, tokens_in

PATH = "/v1/chat/completions"
STOPS = {"length": "length", "refused": "content_filter"}
CREATED = 1_700_000_000
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def key_of(headers: dict[str, str]) -> str:
    """The credential a request carries."""
    return headers.get("authorization", "").removeprefix("Bearer ")


def parse(body: dict[str, Any], headers: dict[str, str]) -> GenerateAsk:
    """The request in words of no vendor. Raises ValueError: what the vendor would not take."""
    if not body.get("model") or not body.get("messages"):
        raise ValueError("you must provide a model parameter and messages")
    lines = body["messages"]
    system = [line for line in lines if line["role"] in ("system", "developer")]
    messages = [_message(line) for line in lines if line not in system]
    _check_results(messages)
    schema = body.get("response_format") or {}
    return GenerateAsk(
        messages=messages,
        instructions="\n".join(_text(line["content"]) for line in system),
        tools=[_tool(tool["function"]) for tool in body.get("tools") or ()],
        may_use=body.get("tool_choice", "auto") != "none",
        tokens_max=body.get("max_completion_tokens") or body.get("max_tokens") or 4_096,
        temperature=body.get("temperature"),
        json_schema=(schema.get("json_schema") or {}).get("schema"),
        model=body["model"],
        stream=bool(body.get("stream")),
    )


def answer(ask: GenerateAsk, said: Said, number: int) -> dict[str, Any]:
    """A whole completion."""
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None, "refusal": None}
    if said.uses:
        message["tool_calls"] = [_call(use) for use in said.uses]
    choice = {"index": 0, "message": message, "finish_reason": _stop(said), "logprobs": None}
    return {**_head(ask, number, "chat.completion"), "choices": [choice],
            "usage": _usage(ask, said)}  # fmt: skip


def events(ask: GenerateAsk, said: Said, number: int) -> Iterator[str]:
    """The same as server-sent events, one at a time."""
    head = _head(ask, number, "chat.completion.chunk")
    yield _event(head, {"role": "assistant", "content": ""})
    for piece in said.pieces:
        yield _event(head, {"content": piece})
    for index, use in enumerate(said.uses):
        call = _call(use)
        text = call["function"]["arguments"]
        call["function"]["arguments"] = ""
        yield _event(head, {"tool_calls": [{"index": index, **call}]})
        for part in (text[: len(text) // 2], text[len(text) // 2 :]):
            piece_of = {"index": index, "function": {"arguments": part}}
            yield _event(head, {"tool_calls": [piece_of]})
    yield _event(head, {}, _stop(said))
    yield _data({**head, "choices": [], "usage": _usage(ask, said)})
    yield "data: [DONE]\n\n"


def error(status: int, words: str) -> dict[str, Any]:
    """The body of a refusal."""
    kind = "invalid_request_error" if status < 429 else "server_error"
    return {"error": {"message": words, "type": kind, "param": None, "code": None}}


def error_event() -> str:
    """An error in the middle of a stream."""
    return _data(error(503, "The server is overloaded"))


def _data(value: Any) -> str:
    return f"data: {msgspec.json.encode(value).decode()}\n\n"


def _event(head: dict[str, Any], delta: dict[str, Any], stop: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": stop, "logprobs": None}
    return _data({**head, "choices": [choice]})


def _head(ask: GenerateAsk, number: int, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{number:08d}", "object": kind, "created": CREATED, "model": ask.model}


def _usage(ask: GenerateAsk, said: Said) -> dict[str, Any]:
    read, wrote = tokens_in(ask), said.tokens_out
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote,
            "prompt_tokens_details": {"cached_tokens": 0}}  # fmt: skip


def _stop(said: Said) -> str:
    return STOPS.get(said.stop) or ("tool_calls" if said.uses else "stop")


def _call(use: ToolUse) -> dict[str, Any]:
    arguments = msgspec.json.encode(use.arguments).decode()
    return {"id": use.id, "type": "function",
            "function": {"name": use.name, "arguments": arguments}}  # fmt: skip


def _message(line: dict[str, Any]) -> ModelMessage:
    text = _text(line.get("content") or "")
    if line["role"] == "tool":
        return ModelMessage("tool", text, use_id=line["tool_call_id"])
    calls = [(call["id"], call["function"]) for call in line.get("tool_calls") or ()]
    uses = [ToolUse(id_, f["name"], msgspec.json.decode(f["arguments"])) for id_, f in calls]
    return ModelMessage(line["role"], text, uses)


def _check_results(messages: list[ModelMessage]) -> None:
    asked = {use.id for message in messages for use in message.uses}
    given = {message.use_id for message in messages if message.role == "tool"}
    if given - asked:
        raise ValueError("messages with role 'tool' must be a response to a preceding message")
    if asked - given:
        raise ValueError(f"no tool message for these tool_call_ids: {sorted(asked - given)}")


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _tool(function: dict[str, Any]) -> ModelTool:
    if not _TOOL_NAME.fullmatch(function["name"]):
        raise ValueError("tools[0].function.name does not match '^[a-zA-Z0-9_-]+$'")
    return ModelTool(
        function["name"], function.get("description", ""), function.get("parameters") or {}
    )
