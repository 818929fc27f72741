"""The bus: wake-ups and live events over NATS. The only home of the vendor's library.

Rules:
- What is published is only a hint that PostgreSQL has news; losing it delays, never loses.
- `publish` returns after JetStream stored the message; the same `msg_id` within two minutes is
  stored once (Nats-Msg-Id). A stored message is also heard at once by every plain subscriber.
- `consume` shares a subject among all processes with the same durable name; a message is
  acknowledged after its handler returned, kept alive while it works, and given again if it failed.
- What is plainly published may name where an answer goes; `kit.requests` makes requests of that.
- `prefix` separates deployments that share one server; callers never see it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import nats
import nats.errors
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as NatsSubscription
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, Header, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.kit.tracing import traceparent

ACK_DEADLINE_S = 5.0
DUPLICATE_WINDOW_S = 120.0
REDELIVER_AFTER_S = 30.0
IN_PROGRESS_EVERY_S = REDELIVER_AFTER_S / 3
RETRY_DELAY_S = 1.0
IDLE_POLL_S = 2.0  # a restarted server forgot who waits; asking again finds it
CONNECT_DEADLINE_S = 10.0
FLUSH_DEADLINE_S = 2.0
HEADER_BYTES_MAX = 4 * 1024  # the server counts headers too
KIND = "Hp-Kind"
NOBODY = "nobody"  # the kind of what a server answers when nobody hears a subject
MIB = 1024 * 1024


class Stream(Struct, frozen=True):
    """A JetStream stream. `shared_work`: a message is gone once one consumer has acknowledged it;
    otherwise it stays in memory for `age_s_max`. The server sets `bytes_max` aside."""

    name: str
    subject: str
    shared_work: bool
    age_s_max: int
    bytes_max: int


STREAMS = (
    Stream("inbound", "hp.inbound", shared_work=True, age_s_max=24 * 3600, bytes_max=64 * MIB),
    Stream("timeline", "hp.timeline", shared_work=False, age_s_max=60, bytes_max=16 * MIB),
)


class Delivery(Struct, frozen=True):
    """One received message. `attempt` counts from 1 (0 for a plain subscriber). `reply`: the
    subject an answer goes to; `kind`: what `announce` was told, or NOBODY."""

    subject: str
    payload: bytes
    traceparent: str = ""
    attempt: int = 0
    reply: str = ""
    kind: str = ""


Handler = Callable[[Delivery], Awaitable[None]]


class Subscription:
    """A running plain subscription; `close` ends it."""

    def __init__(self, inner: NatsSubscription) -> None:
        self._inner = inner

    async def close(self) -> None:
        """Hear no more."""
        with contextlib.suppress(nats.errors.Error):
            await self._inner.unsubscribe()

    async def drain(self) -> None:
        """Let what was sent to us be heard, then hear no more (2 s at most)."""
        with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
            async with asyncio.timeout(FLUSH_DEADLINE_S):
                await self._inner.drain()  # type: ignore[no-untyped-call]


class Bus:
    """One connection; reconnects by itself for ever."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client = client
        self._jetstream: JetStreamContext = client.jetstream(timeout=ACK_DEADLINE_S)
        self._prefix = prefix
        self._log = log.get("bus")

    @classmethod
    async def connect(cls, url: str, prefix: str = "") -> "Bus":
        """Connect and make the streams.

        Raises:
            OutsideError: no server answers at `url` (nats://host:port) within ten seconds.
        """
        if not prefix.replace("_", "").isalnum() and prefix:
            raise ValueError(f"a bus prefix is letters, digits and underscores, not {prefix!r}")
        logger = log.get("bus")

        async def report(error: Exception) -> None:
            logger.warning("bus.failed", error=type(error).__name__)

        try:
            client = await asyncio.wait_for(
                nats.connect(
                    url,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,
                    connect_timeout=2,
                    error_cb=report,
                ),
                CONNECT_DEADLINE_S,
            )
            bus = cls(client, prefix)
            await bus._ensure_streams()
        except APIError as error:
            raise OutsideError(
                f"NATS at {_host(url)} cannot keep our streams: {error.description}"
            ) from error
        except (nats.errors.Error, OSError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise OutsideError(
                f"no NATS server with JetStream answers at {_host(url)}: {why}"
            ) from error
        return bus

    @property
    def connected(self) -> bool:
        """Whether a server answers right now; it reconnects by itself."""
        return bool(self._client.is_connected)

    @property
    def body_bytes_max(self) -> int:
        """The largest payload this server takes."""
        return int(self._client.max_payload) - HEADER_BYTES_MAX

    def inbox(self) -> str:
        """A subject nobody else has, for answers."""
        return str(self._client.new_inbox())

    async def publish(self, subject: str, payload: bytes, msg_id: str) -> None:
        """Store one message; returns after the server's acknowledgement (5 s at most).

        Raises:
            OutsideError: not acknowledged; whether it was stored is unknown. Publishing the same
                `msg_id` again is safe.
        """
        headers = {Header.MSG_ID.value: msg_id} | _trace_header()
        name = self._name(subject)
        try:
            await self._jetstream.publish(name, payload, timeout=ACK_DEADLINE_S, headers=headers)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise OutsideError(
                f"the bus did not take a message for {subject}: {error!r}"
            ) from error

    async def announce(
        self, subject: str, payload: bytes, *, reply: str = "", kind: str = ""
    ) -> None:
        """Tell who listens now; nothing is stored and nobody acknowledges.

        With `reply` set and nobody there, a Delivery of kind NOBODY comes to that subject.
        """
        name, answers = self._name(subject), self._name(reply) if reply else ""
        headers = _trace_header() | ({KIND: kind} if kind else {})
        try:
            await self._client.publish(name, payload, answers, headers)
        except (nats.errors.Error, OSError) as error:
            raise OutsideError(f"the bus did not take {subject}: {error!r}") from error

    async def subscribe(self, subject: str, handler: Handler, queue: str = "") -> Subscription:
        """Hear every message of `subject` from now on, in order, in this process.

        Processes that name the same `queue` share them: each is heard by one, and the server
        knows of it on return.
        """

        async def heard(message: Msg) -> None:
            try:
                await handler(self._delivery(message))
            except Exception:
                self._log.exception("bus.handler_failed", subject=subject)

        try:
            inner = await self._client.subscribe(self._name(subject), queue=queue, cb=heard)
            if queue:
                await self._client.flush(int(ACK_DEADLINE_S))
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise OutsideError(f"the bus cannot hear {subject}: {error!r}") from error
        return Subscription(inner)

    async def consume(self, subject: str, durable: str, handler: Handler, batch: int = 8) -> None:
        """Share the work of `subject`; runs until cancelled.

        Args:
            subject: of one of `STREAMS` with shared work.
            durable: the same name in every process that shares.
            handler: must be idempotent; an error gives the message again after a second.
            batch: messages in hand at once.
        """
        hands = asyncio.Semaphore(batch)
        tasks: set[asyncio.Task[None]] = set()
        try:
            while not self._client.is_closed:
                try:
                    await self._pull(subject, durable, handler, (hands, tasks))
                except (nats.errors.Error, OSError, TimeoutError) as error:
                    self._log.warning("bus.consume_failed", subject=subject, error=repr(error))
                    await asyncio.sleep(0.2)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Close the connection; what was published and acknowledged stays stored."""
        await self._client.close()

    async def drop_streams(self) -> None:
        """Delete this deployment's streams, with what the server sets aside for them.

        For a deployment that ends; what is in the outbox is not lost.
        """
        for stream in STREAMS:
            with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
                await self._jetstream.delete_stream(self._stream_config(stream).name or "")

    async def _pull(
        self,
        subject: str,
        durable: str,
        handler: Handler,
        hands: tuple[asyncio.Semaphore, set[asyncio.Task[None]]],
    ) -> None:
        """One message at a time from the server, several in hand.

        Asking nats-py for n messages waits for all n until the poll ends; asking for one does not.
        """
        await self._ensure_streams()
        config = ConsumerConfig(ack_wait=REDELIVER_AFTER_S, max_ack_pending=1024)
        name = self._name(subject)
        source = await self._jetstream.pull_subscribe(name, durable=durable, config=config)
        free, tasks = hands
        try:
            while True:
                await free.acquire()
                try:
                    (message,) = await source.fetch(1, timeout=IDLE_POLL_S)
                except TimeoutError:
                    free.release()
                    await source.consumer_info()  # a server that lost its disk forgot the consumer
                    continue
                except BaseException:
                    free.release()
                    raise
                task = asyncio.create_task(self._work(message, handler))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                task.add_done_callback(lambda _: free.release())
        finally:
            with contextlib.suppress(nats.errors.Error):
                await source.unsubscribe()

    async def _work(self, message: Msg, handler: Handler) -> None:
        alive = asyncio.create_task(_keep_alive(message))
        try:
            await handler(self._delivery(message))
        except Exception:
            self._log.exception("bus.handler_failed", subject=message.subject)
            answer = message.nak(RETRY_DELAY_S)
        else:
            answer = message.ack()
        finally:
            alive.cancel()
        try:
            await answer
        except (nats.errors.Error, OSError):
            self._log.warning("bus.ack_failed", subject=message.subject)

    async def _ensure_streams(self) -> None:
        for stream in STREAMS:
            config = self._stream_config(stream)
            try:
                await self._jetstream.add_stream(config)
            except APIError as error:
                if error.err_code != 10058:  # it exists with other settings: an older release's
                    raise
                await self._jetstream.update_stream(config)

    def _stream_config(self, stream: Stream) -> StreamConfig:
        work = RetentionPolicy.WORK_QUEUE
        return StreamConfig(
            name=f"{self._prefix}_{stream.name}".lstrip("_"),
            subjects=[self._name(stream.subject)],
            retention=work if stream.shared_work else RetentionPolicy.LIMITS,
            storage=StorageType.FILE if stream.shared_work else StorageType.MEMORY,
            max_age=stream.age_s_max,
            max_bytes=stream.bytes_max,
            duplicate_window=min(DUPLICATE_WINDOW_S, stream.age_s_max),
        )

    def _name(self, subject: str) -> str:
        return f"{self._prefix}.{subject}" if self._prefix else subject

    def _bare(self, name: str) -> str:
        return name.removeprefix(f"{self._prefix}.") if self._prefix else name

    def _delivery(self, message: Msg) -> Delivery:
        stored = message.reply.startswith("$JS.ACK")
        headers = message.headers or {}
        return Delivery(
            subject=self._bare(message.subject),
            payload=message.data,
            traceparent=headers.get("traceparent", ""),
            attempt=message.metadata.num_delivered if stored else 0,
            reply="" if stored else self._bare(message.reply),
            kind=NOBODY if headers.get("Status") == "503" else headers.get(KIND, ""),
        )


def _trace_header() -> dict[str, Any]:
    parent = traceparent()
    return {"traceparent": parent} if parent else {}


async def _keep_alive(message: Msg) -> None:
    """Tell the server we still work, so it does not give the message to another process."""
    while True:
        await asyncio.sleep(IN_PROGRESS_EVERY_S)
        with contextlib.suppress(nats.errors.Error, OSError):
            await message.in_progress()


def _host(url: str) -> str:
    """Where the server is, without what its address may hold of a password."""
    return url.rpartition("@")[2].rpartition("/")[2]
