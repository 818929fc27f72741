import json
from typing import Any

import msgspec
import pytest
from hyperpersonal_core.api import decode_frame, parse_inbound
from hyperpersonal_core.kit.errors import RefusedError
from hypothesis import given
from hypothesis import strategies as st

GOOD: dict[str, Any] = {"id": "m1", "text": "hello"}


def test_that_a_frame_becomes_a_message() -> None:
    frame = decode_frame(b'{"id": "m1", "text": "  hello ", "meta": {"page": "/"}}')
    message = parse_inbound(frame)
    assert (message.external_id, message.text, message.meta) == ("m1", "hello", {"page": "/"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": ""}, "missing_id"),
        ({"id": "x" * 101}, "missing_id"),
        ({"id": 7}, "wrong_type"),
        ({"text": ""}, "empty_text"),
        ({"text": " \n\t "}, "empty_text"),
        ({"text": "\x00"}, "empty_text"),
        ({"text": "\u200b\u2060\ufeff"}, "empty_text"),
        ({"text": ["hello"]}, "wrong_type"),
        ({"text": None}, "wrong_type"),
        ({"text": "x" * 16_001}, "too_large"),
        ({"meta": []}, "wrong_type"),
        ({"meta": {"a": "\x00"}}, "wrong_type"),
        ({"meta": {"a": json.loads("[" * 400 + "]" * 400)}}, "wrong_type"),
        ({"meta": {"a": "x" * 5000}}, "too_large"),
        ({"attachments": [{"name": "photo.jpg"}]}, "attachments_not_supported"),
    ],
)
def test_that_a_bad_frame_is_refused_with_its_rule(change: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_inbound(GOOD | change)
    assert refused.value.code == code
    assert len(refused.value.message) > 10


@pytest.mark.parametrize("missing", ["id", "text"])
def test_that_id_and_text_are_needed(missing: str) -> None:
    with pytest.raises(RefusedError):
        parse_inbound({name: value for name, value in GOOD.items() if name != missing})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "malformed_frame"),
        (b"hello", "malformed_frame"),
        (b"[1]", "malformed_frame"),
        (b'{"id": "m1"', "malformed_frame"),
        (b'{"text": "\xff"}', "malformed_frame"),
        (b"[" * 100_000, "malformed_frame"),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "malformed_frame"),
        (b" " * (256 * 1024 + 1), "too_large"),
    ],
)
def test_that_bytes_that_are_no_frame_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        decode_frame(data)
    assert refused.value.code == code


names = st.sampled_from(["id", "text", "meta", "sent_at", "attachments"])
values = st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=3)


@given(st.dictionaries(names, values))
def test_that_any_object_is_a_message_or_a_refusal(frame: dict[str, Any]) -> None:
    try:
        message = parse_inbound(frame)
    except RefusedError:
        return
    assert message.text.strip()
    assert b"\\u0000" not in msgspec.json.encode(message.text)
