"""Frames survive any cutting of the stream, and nothing else is taken for a frame."""

import struct

import pytest
from hyperpersonal_runtime.frames import Answer, Ask, Done, NeedCode, ToHost
from hyperpersonal_runtime.framing import FrameReader, FramingError, encode
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
TIMES = st.floats(0, 1e9)
MESSAGES = st.one_of(
    st.builds(Ask, TEXTS, TEXTS),
    st.builds(NeedCode),
    st.builds(Done, TEXTS, TEXTS, st.tuples(TEXTS, TEXTS), TIMES, TIMES, TIMES, TIMES),
)


def reader(bytes_max: int = 1 << 20) -> FrameReader[ToHost]:
    return FrameReader(ToHost, bytes_max)


@given(st.lists(MESSAGES, max_size=8), st.lists(st.integers(1, 64), min_size=1))
def test_that_messages_arrive_whole_however_the_stream_is_cut(
    messages: list[ToHost], sizes: list[int]
) -> None:
    stream, frames, arrived, at, step = b"".join(map(encode, messages)), reader(), [], 0, 0
    while at < len(stream):
        size = sizes[step % len(sizes)]
        arrived += frames.feed(stream[at : at + size])
        at, step = at + size, step + 1
    assert arrived == messages


@given(st.binary(min_size=5, max_size=300))
def test_that_other_bytes_are_refused_or_wait_for_more(data: bytes) -> None:
    try:
        messages = list(reader(4_096).feed(data))
    except FramingError:
        return
    assert all(isinstance(message, Ask | NeedCode | Done) for message in messages)


def test_that_a_frame_over_the_bound_is_refused_before_it_is_read() -> None:
    with pytest.raises(FramingError, match="at most 10 are allowed"):
        list(reader(10).feed(struct.pack(">I", 11)))


def test_that_a_message_of_the_other_direction_is_refused() -> None:
    with pytest.raises(FramingError):
        list(reader().feed(encode(Answer("", "{}"))))
