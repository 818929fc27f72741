from uuid import UUID

import msgspec
import pytest
from hyperpersonal_core.kit.envelope import WAKES_MAX, Envelope, Wake, decode, encode, newest
from hypothesis import given
from hypothesis import strategies as st

wakes = st.builds(Wake, st.uuids(), st.uuids(), st.integers(0, 2**63 - 1), st.text())


@given(st.lists(wakes))
def test_that_what_was_packed_comes_out(sent: list[Wake]) -> None:
    assert decode(encode(sent)) == Envelope(tuple(sent))


@given(st.binary(max_size=200))
def test_that_garbage_is_a_value_error(payload: bytes) -> None:
    try:
        envelope = decode(payload)
    except ValueError:
        return
    assert isinstance(envelope, Envelope)


def test_that_ids_are_sixteen_bytes_each() -> None:
    sent = [Wake(UUID(int=n), UUID(int=n), n) for n in range(256)]
    assert len(encode(sent)) < 256 * 42


def test_that_too_many_are_refused() -> None:
    wake = (b"\0" * 16, b"\0" * 16, 1)
    with pytest.raises(ValueError, match="at most"):
        decode(msgspec.msgpack.encode([[wake] * (WAKES_MAX + 1)]))


@given(st.lists(st.builds(Wake, st.just(UUID(int=1)), st.sampled_from(
    [UUID(int=1), UUID(int=2)]), st.integers(0, 9))))  # fmt: skip
def test_that_the_newest_of_each_conversation_stays(sent: list[Wake]) -> None:
    kept = newest(sent)
    assert {w.conversation_id for w in kept} == {w.conversation_id for w in sent}
    assert len(kept) == len({w.conversation_id for w in kept})
    for wake in kept:
        same = [w.offset for w in sent if w.conversation_id == wake.conversation_id]
        assert wake.offset == max(same)
