"""The laws of the fair queue; clocks are exact because every cost is a whole number."""

from collections import Counter, deque

import pytest
from hyperpersonal_runtime.fair_queue import FairQueue
from hypothesis import given
from hypothesis import strategies as st

EXPECTED, COST_MAX = 3, 9
OWNERS = ("a", "b", "c", "d")
costs = st.lists(st.integers(1, COST_MAX), min_size=60, max_size=200)


def flooded(owners: str | tuple[str, ...], each: int) -> FairQueue[int]:
    queue: FairQueue[int] = FairQueue(EXPECTED)
    for owner in owners:
        for number in range(each):
            queue.put(owner, number)
    return queue


@given(costs, st.integers(1, 8))
def test_that_nobody_who_waits_gets_less_than_another_by_more_than_what_is_under_way(
    costs: list[int], lanes: int
) -> None:
    queue, used = flooded(OWNERS, len(costs)), Counter(dict.fromkeys(OWNERS, 0))
    under_way: deque[tuple[object, int]] = deque()
    for cost in costs:
        under_way.append((queue.take()[0], cost))
        if len(under_way) == lanes:
            owner, spent = under_way.popleft()
            queue.settle(owner, spent)
            used[str(owner)] += spent
        assert max(used.values()) - min(used.values()) <= (lanes + 1) * COST_MAX


@given(costs, st.integers(0, 50))
def test_that_who_comes_back_is_served_next_and_has_saved_nothing_up(
    costs: list[int], earlier: int
) -> None:
    queue = flooded("a", len(costs) + earlier)
    for cost in costs[:30]:
        queue.settle(queue.take()[0], cost)
    for number in range(40):
        queue.put("b", number)
    served = [queue.take()[0]]
    queue.settle(served[0], EXPECTED)
    while len(served) < 20:
        served.append(queue.take()[0])
        queue.settle(served[-1], EXPECTED)
    assert "b" in served[:2], "a newcomer waits for one item at most"
    assert abs(served.count("a") - served.count("b")) <= 1 + COST_MAX // EXPECTED


@given(st.lists(st.tuples(st.sampled_from(OWNERS), st.booleans()), max_size=100))
def test_that_every_item_comes_out_once_and_in_its_owners_order(
    moves: list[tuple[str, bool]],
) -> None:
    queue: FairQueue[int] = FairQueue()
    out: dict[object, list[int]] = {owner: [] for owner in OWNERS}
    for number, (owner, takes) in enumerate(moves):
        queue.put(owner, number)
        if takes:
            whose, item = queue.take()
            out[whose].append(item)
    while len(queue):
        whose, item = queue.take()
        out[whose].append(item)
    assert out == {o: [n for n, (owner, _) in enumerate(moves) if owner == o] for o in OWNERS}
    with pytest.raises(IndexError):
        queue.take()


def test_that_a_full_queue_gives_up_the_newest_of_whoever_has_most() -> None:
    queue = flooded("a", 5)
    queue.put("b", 0)
    assert queue.drop() == ("a", 4)
    assert (len(queue), queue.waiting_of("a"), queue.waiting_of("b")) == (5, 4, 1)


def test_that_owners_who_rest_are_forgotten() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(5_000):
        queue.put(number, number)
        queue.settle(queue.take()[0], 1.0)
    assert len(queue._clocks) < 1_100
