"""Anthropic's Messages API as a server sees it. Source: the vendor's API reference, 2023-06-01.

Also the checks a real server makes, so that a client that is wrong here is wrong there.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from hyperpersonal_sdk.contract.models import GenerateAsk, ModelMessage, ModelTool, ToolUse

from hyperpersonal_web.model_stub.script import Said, tokens_in

PATH = "/v1/messages"
STOPS = {"length": "max_tokens", "refused": "refusal"}
ERRORS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error",
          413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}  # fmt: skip
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def key_of(headers: dict[str, str]) -> str:
    """The credential a request carries; the vendor's clients of before 2026 sent `x-api-key`."""
    return headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")


def parse(body: dict[str, Any], headers: dict[str, str]) -> GenerateAsk:
    """The request in words of no vendor. Raises ValueError: what the vendor would not take."""
    if "anthropic-version" not in headers:
        raise ValueError("anthropic-version: header is required")
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            raise ValueError(f"{name}: Field required")
    messages = [one for line in body["messages"] for one in _messages(line)]
    if not messages or body["messages"][0]["role"] != "user":
        raise ValueError("messages: first message must use the user role")
    schema = (body.get("output_config") or {}).get("format") or {}
    choice = (body.get("tool_choice") or {}).get("type", "auto")
    return GenerateAsk(
        messages=messages,
        instructions=_text(body.get("system") or ""),
        tools=[_tool(tool) for tool in body.get("tools") or ()],
        may_use=choice != "none",
        tokens_max=body["max_tokens"],
        json_schema=schema.get("schema"),
        model=body["model"],
        stream=bool(body.get("stream")),
    )


def answer(ask: GenerateAsk, said: Said, number: int) -> dict[str, Any]:
    """A whole message."""
    content: list[dict[str, Any]] = [{"type": "text", "text": said.text}] if said.text else []
    content += [
        {"type": "tool_use", "id": use.id, "name": use.name, "input": use.arguments}
        for use in said.uses
    ]
    usage = {"input_tokens": tokens_in(ask), "output_tokens": said.tokens_out}
    return {**_head(ask, number), "content": content, "stop_reason": _stop(said), "usage": usage}


def events(ask: GenerateAsk, said: Said, number: int) -> Iterator[str]:
    """The same as server-sent events, one at a time."""
    yield _event("message_start", message=_head(ask, number))
    index = 0
    if said.pieces:
        yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        yield _event("ping")
        for piece in said.pieces:
            delta = {"type": "text_delta", "text": piece}
            yield _event("content_block_delta", index=0, delta=delta)
        yield _event("content_block_stop", index=0)
        index = 1
    for place, use in enumerate(said.uses, index):
        block = {"type": "tool_use", "id": use.id, "name": use.name, "input": {}}
        yield _event("content_block_start", index=place, content_block=block)
        text = msgspec.json.encode(use.arguments).decode()
        for part in (text[: len(text) // 2], text[len(text) // 2 :]):
            delta = {"type": "input_json_delta", "partial_json": part}
            yield _event("content_block_delta", index=place, delta=delta)
        yield _event("content_block_stop", index=place)
    end = {"stop_reason": _stop(said), "stop_sequence": None}
    yield _event("message_delta", delta=end, usage={"output_tokens": said.tokens_out})
    yield _event("message_stop")


def error(status: int, words: str) -> dict[str, Any]:
    """The body of a refusal."""
    return {"type": "error", "error": {"type": ERRORS.get(status, "api_error"), "message": words}}


def error_event() -> str:
    """An error in the middle of a stream."""
    return _event("error", error={"type": "overloaded_error", "message": "Overloaded"})


def _event(kind: str, **fields: Any) -> str:
    data = msgspec.json.encode({"type": kind, **fields}).decode()
    return f"event: {kind}\ndata: {data}\n\n"


def _head(ask: GenerateAsk, number: int) -> dict[str, Any]:
    usage = {"input_tokens": tokens_in(ask), "output_tokens": 1}
    fixed: dict[str, Any] = {
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_sequence": None,
    }
    head = {"id": f"msg_{number:08d}", "model": ask.model, "stop_reason": None, "usage": usage}
    return {**fixed, **head}


def _stop(said: Said) -> str:
    return STOPS.get(said.stop) or ("tool_use" if said.uses else "end_turn")


def _messages(line: dict[str, Any]) -> Iterator[ModelMessage]:
    content = line["content"]
    blocks: list[dict[str, Any]]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    results = [block for block in blocks if block["type"] == "tool_result"]
    for block in results:
        yield ModelMessage("tool", _text(block.get("content") or ""), use_id=block["tool_use_id"])
    uses = [ToolUse(b["id"], b["name"], b["input"]) for b in blocks if b["type"] == "tool_use"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    if text or uses or not results:
        yield ModelMessage(line["role"], text, uses)


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _tool(tool: dict[str, Any]) -> ModelTool:
    if not _TOOL_NAME.fullmatch(tool["name"]):
        raise ValueError("tools.0.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'")
    if tool["input_schema"].get("type") != "object":
        raise ValueError("tools.0.input_schema.type: Input should be 'object'")
    return ModelTool(tool["name"], tool.get("description", ""), tool["input_schema"])
