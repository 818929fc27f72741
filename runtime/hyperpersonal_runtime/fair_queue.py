"""A queue that is fair between its owners: who has used least goes next.

Rules:
1. Every owner has a clock: what it has used. Of those that wait, the lowest clock goes next; of
   equal ones, who came first. An owner's own items go in the order they came.
2. Who comes after a pause starts at the queue's clock, which is that of whom it served last:
   rest saves nothing up, and nobody is made to wait for what an earlier rest would have allowed.
3. What an item costs is known afterwards: `expected` is booked when it goes, `settle` corrects it.
So no owner that waits all the time gets less than another by more than what is under way and one
item. Source: Goyal, Vin, Cheng, "Start-time fair queueing", ACM SIGCOMM 1996.
"""

import heapq
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item")
IDLE_MAX = 1_000


class FairQueue(Generic[Item]):
    """Items of owners. `expected`: what one is taken to cost until `settle` says what it did."""

    def __init__(self, expected: float = 1.0) -> None:
        self._expected = expected
        self._now = 0.0
        self._number = 0
        self._size = 0
        self._clocks: dict[Hashable, float] = {}
        self._waiting: dict[Hashable, deque[Item]] = {}
        self._order: list[tuple[float, int, Hashable]] = []

    def __len__(self) -> int:
        return self._size

    def waiting_of(self, owner: Hashable) -> int:
        """How many items of this owner wait."""
        return len(self._waiting.get(owner, ()))

    def put(self, owner: Hashable, item: Item) -> None:
        """Let an item wait for its owner's turn."""
        if owner not in self._waiting:
            self._waiting[owner] = deque()
            self._rank(owner, self._clock(owner))
        self._waiting[owner].append(item)
        self._size += 1

    def take(self, may: Callable[[Hashable], bool] = lambda _: True) -> tuple[Hashable, Item]:
        """Whose turn it is, with its oldest item; booked. Owners that may not go are passed over
        and lose nothing by it. Raises IndexError when nobody waits who may."""
        passed: list[tuple[float, int, Hashable]] = []
        try:
            while True:
                entry = heapq.heappop(self._order)
                owner = entry[2]
                if owner not in self._waiting or entry[0] != self._clocks[owner]:
                    continue  # its clock was moved meanwhile, and it was ranked again
                if may(owner):
                    return owner, self._out(owner)
                passed.append(entry)
        finally:
            for entry in passed:
                heapq.heappush(self._order, entry)

    def _out(self, owner: Hashable) -> Item:
        items = self._waiting[owner]
        item = items.popleft()
        self._size -= 1
        if not items:
            del self._waiting[owner]
        self.book(owner)
        return item

    def drop(self) -> tuple[Hashable, Item]:
        """Take out the newest item of the owner that has most waiting: for a queue that is full."""
        owner = max(self._waiting, key=self.waiting_of)
        items = self._waiting[owner]
        item = items.pop()
        self._size -= 1
        if not items:
            del self._waiting[owner]
        return owner, item

    def book(self, owner: Hashable) -> None:
        """One item of this owner goes, without having waited here."""
        clock = self._clock(owner)
        self._now = max(self._now, clock)
        self._move(owner, clock + self._expected)

    def settle(self, owner: Hashable, used: float) -> None:
        """One item that went has ended, and this is what it used (same unit as `expected`)."""
        self._move(owner, self._clock(owner) + used - self._expected)

    def _clock(self, owner: Hashable) -> float:
        """Where the owner stands; one that rested stands where the queue does (rule 2)."""
        clock = self._clocks.get(owner, self._now)
        return clock if owner in self._waiting else max(clock, self._now)

    def _move(self, owner: Hashable, clock: float) -> None:
        self._clocks[owner] = clock
        if owner in self._waiting:
            self._rank(owner, clock)
        elif len(self._clocks) > IDLE_MAX + len(self._waiting):
            self._forget_rested()

    def _rank(self, owner: Hashable, clock: float) -> None:
        self._clocks[owner] = clock
        self._number += 1
        heapq.heappush(self._order, (clock, self._number, owner))

    def _forget_rested(self) -> None:
        """Whose clock the queue's has passed would start anew at the queue's in any case. With
        nobody waiting there is enough for all: everybody starts anew."""
        if not self._waiting:
            self._now = max(self._clocks.values())
        now, waiting = self._now, self._waiting
        self._clocks = {o: c for o, c in self._clocks.items() if o in waiting or c > now}
