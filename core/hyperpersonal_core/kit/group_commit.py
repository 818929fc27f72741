"""Group commit: many callers, few transactions.

Rules: a batch leaves when it is full or `wait_ms` after its first item; at most `flights_max`
batches are on their way; a failed flush fails its own items and nobody else; when more than
`waiting_max` items wait, the newest of whoever has most is refused at once, so a slow database
becomes a clear answer instead of a growing queue. When more wait than a batch holds, every owner
gets as much of it as another; when all flights are taken, an owner that has nothing on its way
flies ahead, so that nobody waits for another's batches. Measured on two cores: 7-11 times less CPU
a message than one commit each.
"""

import asyncio
import contextvars
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from hyperpersonal_runtime.api import FairQueue

from hyperpersonal_core.kit.errors import OutsideError

AHEAD_MAX = 2  # flights beside the others
TOO_MANY = "too many writes are waiting; try again in a second"

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Collects items and hands them to `flush` in batches, an owner's in the order they came.

    Args:
        flush: commits one batch; returns one result an item, an exception meaning that
            item alone was refused.
        size_max: items a batch.
        wait_ms: how long a batch that is not full waits for more.
        flights_max: batches being flushed at once.
        waiting_max: items not yet on their way.
        owner: whose an item is; by default all are one's own.
    """

    def __init__(
        self,
        flush: Callable[[list[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        size_max: int = 256,
        wait_ms: float = 2.0,
        flights_max: int = 2,
        waiting_max: int = 20_000,
        owner: Callable[[Item], Hashable] = lambda _: None,
    ) -> None:
        self._flush = flush
        self._size_max = size_max
        self._wait_s = wait_ms / 1000
        self._waiting_max = waiting_max
        self._owner = owner
        self._waiting: FairQueue[tuple[Item, asyncio.Future[Result]]] = FairQueue()
        self._flights = asyncio.Semaphore(flights_max)
        self._full = asyncio.Event()
        self._flying: set[asyncio.Task[None]] = set()
        self._on_their_way: Counter[Hashable] = Counter()
        self._ahead = 0
        self._collector: asyncio.Task[None] | None = None
        self._closed = False

    async def put(self, item: Item) -> Result:
        """Wait until the item's batch is committed.

        Cancelling the caller does not take the item back: it may be committed.

        Raises:
            OutsideError: the queue is full or the batcher closed; the item was not taken.
            Exception: whatever the flush raised for this item or its batch.
        """
        if self._closed:
            raise OutsideError(TOO_MANY)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.put(self._owner(item), (item, future))
        if len(self._waiting) > self._waiting_max:
            _settle(self._waiting.drop()[1][1], OutsideError(TOO_MANY))
        if len(self._waiting) >= self._size_max:
            self._full.set()
        self._fly_ahead(self._owner(item))
        if self._collector is None or self._collector.done():
            # An empty context: a batch of many must not run under the trace of whoever came first.
            empty = contextvars.Context()
            self._collector = asyncio.create_task(self._collect(), context=empty)
        return await future

    async def close(self) -> None:
        """Take no more, and wait until everything taken was flushed."""
        self._closed = True
        self._full.set()
        if self._collector is not None:
            await self._collector
        while self._flying:
            await asyncio.wait(self._flying)

    async def _collect(self) -> None:
        while len(self._waiting):
            if len(self._waiting) < self._size_max and not self._closed:
                await self._linger()
            await self._flights.acquire()
            size = min(self._size_max, len(self._waiting))
            if not size:  # they flew ahead
                self._flights.release()
                break
            batch = [self._waiting.take() for _ in range(size)]
            self._take_off(batch, self._flights.release)

    def _fly_ahead(self, owner: Hashable) -> None:
        """All that waits of an owner that has nothing on its way, while all flights are taken."""
        if not self._flights.locked() or self._on_their_way[owner] or self._ahead == AHEAD_MAX:
            return
        size = min(self._size_max, self._waiting.waiting_of(owner))
        batch = [self._waiting.take(lambda other: other == owner) for _ in range(size)]
        if batch:
            self._ahead += 1
            self._take_off(batch, self._landed_ahead)

    def _landed_ahead(self) -> None:
        self._ahead -= 1

    def _take_off(
        self, batch: list[tuple[Hashable, tuple[Item, asyncio.Future[Result]]]],
        landed: Callable[[], None],
    ) -> None:  # fmt: skip
        owners = Counter(owner for owner, _ in batch)
        self._on_their_way += owners

        def ended(task: asyncio.Task[None]) -> None:
            self._flying.discard(task)
            self._on_their_way -= owners
            landed()

        work = self._fly([entry for _, entry in batch])
        task = asyncio.create_task(work, context=contextvars.Context())
        self._flying.add(task)
        task.add_done_callback(ended)

    async def _linger(self) -> None:
        self._full.clear()
        try:
            await asyncio.wait_for(self._full.wait(), self._wait_s)
        except TimeoutError:
            return

    async def _fly(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results: Sequence[Result | Exception]
            results = await self._flush([item for item, _ in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"flush of {len(batch)} items gave {len(results)} results")
        except BaseException as error:
            results = [_retold(error)] * len(batch)
            if not isinstance(error, Exception):
                raise
        finally:
            for (_, future), result in zip(batch, results, strict=True):
                _settle(future, result)


def _retold(error: BaseException) -> Exception:
    """A cancelled flush must not look like a cancelled caller."""
    if isinstance(error, Exception):
        return error
    return OutsideError("the write was interrupted; whether it was committed is unknown")


def _settle(future: "asyncio.Future[Result]", result: Result | Exception) -> None:
    if future.done():  # its caller was cancelled
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
