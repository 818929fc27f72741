import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from hyperpersonal_core.kit import bus as bus_module
from hyperpersonal_core.kit.bus import Bus, Delivery
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.kit.tracing import Traces
from hyperpersonal_web.embedded.nats import EmbeddedNats
from nats.js.api import ConsumerInfo
from nats.js.errors import NotFoundError
from opentelemetry.sdk.trace import TracerProvider


class Listener:
    """Notes what it hears; fails on what it is told to fail on."""

    def __init__(self, *fail_once: bytes) -> None:
        self.heard: list[Delivery] = []
        self.fail_once = list(fail_once)

    async def __call__(self, delivery: Delivery) -> None:
        self.heard.append(delivery)
        if delivery.payload in self.fail_once:
            self.fail_once.remove(delivery.payload)
            raise RuntimeError("not this time")

    async def until(self, count: int) -> list[bytes]:
        async with asyncio.timeout(60):
            while len(self.heard) < count:
                await asyncio.sleep(0.01)
        return [delivery.payload for delivery in self.heard]


@contextlib.asynccontextmanager
async def consuming(
    bus: Bus, handler: Callable[[Delivery], Awaitable[None]], batch: int = 8
) -> AsyncIterator[None]:
    task = asyncio.create_task(bus.consume("hp.inbound", "workers", handler, batch))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_that_a_message_waits_for_its_first_consumer(bus: Bus) -> None:
    await bus.publish("hp.inbound", b"early", "1")
    listener = Listener()
    async with consuming(bus, listener):
        assert await listener.until(1) == [b"early"]
        await bus.publish("hp.inbound", b"later", "2")
        assert await listener.until(2) == [b"early", b"later"]
    assert listener.heard[0].attempt == 1
    assert listener.heard[0].subject == "hp.inbound"


async def until_known(bus: Bus, what: Callable[[ConsumerInfo], bool]) -> None:
    """Until the server knows this of our consumers."""
    stream = f"{bus._prefix}_inbound".lstrip("_")
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(NotFoundError):
                if what(await bus._jetstream.consumer_info(stream, "workers")):
                    return
            await asyncio.sleep(0.02)


async def test_that_an_idle_consumer_hears_at_once(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "IDLE_POLL_S", 1_000.0)
    listener = Listener()
    async with consuming(bus, listener):
        await until_known(bus, lambda found: bool(found.num_waiting))
        await bus.publish("hp.inbound", b"now", "1")
        await listener.until(1)  # long before its poll ends


async def test_that_the_same_id_is_stored_once(bus: Bus) -> None:
    for _ in range(3):
        await bus.publish("hp.inbound", b"once", "same")
    await bus.publish("hp.inbound", b"other", "other")
    listener = Listener()
    async with consuming(bus, listener):
        await listener.until(2)
        await asyncio.sleep(0.1)
    assert sorted(d.payload for d in listener.heard) == [b"once", b"other"]


async def test_that_work_is_shared_and_a_plain_subscriber_hears_all(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, gateway = Listener(), Listener(), Listener()
    subscription = await bus.subscribe("hp.inbound", gateway)
    async with consuming(bus, one, batch=1), consuming(bus, two, batch=1):
        await asyncio.gather(*(bus.publish("hp.inbound", b"%d" % n, f"m{n}") for n in range(40)))
        await gateway.until(40)
        async with asyncio.timeout(60):
            while len(one.heard) + len(two.heard) < 40:
                await asyncio.sleep(0.01)
    both = [d.payload for d in one.heard + two.heard]
    assert sorted(both) == sorted(b"%d" % n for n in range(40))
    await subscription.close()
    await bus.publish("hp.inbound", b"unheard", "last")
    await asyncio.sleep(0.05)
    assert len(gateway.heard) == 40


async def test_that_a_failed_message_comes_again(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "RETRY_DELAY_S", 0.05)
    listener = Listener(b"hard")
    async with consuming(bus, listener):
        await bus.publish("hp.inbound", b"hard", "1")
        assert await listener.until(2) == [b"hard", b"hard"]
    assert [d.attempt for d in listener.heard] == [1, 2]


async def test_that_slow_work_is_not_given_to_another(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "REDELIVER_AFTER_S", 4.0)
    monkeypatch.setattr(bus_module, "IN_PROGRESS_EVERY_S", 0.1)
    runs, over = list[int](), asyncio.Event()

    async def slow(delivery: Delivery) -> None:
        runs.append(delivery.attempt)
        await asyncio.sleep(5.0)
        over.set()

    async with consuming(bus, slow), consuming(bus, slow):
        await bus.publish("hp.inbound", b"slow", "1")
        await over.wait()
        await asyncio.sleep(0.2)
    assert runs == [1]


async def test_that_a_trace_crosses_the_bus(bus: Bus) -> None:
    listener = Listener()
    await bus.subscribe("hp.timeline", listener)
    with Traces(TracerProvider().get_tracer("test")).span("message.append"):
        await bus.publish("hp.timeline", b"x", "1")
        await bus.announce("hp.timeline", b"y")
    await listener.until(2)
    assert all(d.traceparent.startswith("00-") for d in listener.heard)


async def test_that_a_failing_subscriber_keeps_hearing(bus: Bus) -> None:
    listener = Listener(b"bad")
    await bus.subscribe("hp.live", listener)
    await bus.announce("hp.live", b"bad")
    await bus.announce("hp.live", b"good")
    assert await listener.until(2) == [b"bad", b"good"]


async def test_that_prefixes_keep_deployments_apart(bus: Bus, nats_url: str) -> None:
    other = await Bus.connect(nats_url, prefix="elsewhere")
    listener = Listener()
    await other.subscribe("hp.inbound", listener)
    await bus.publish("hp.inbound", b"mine", "1")
    await asyncio.sleep(0.05)
    assert listener.heard == []
    await other.close()


async def test_that_no_server_and_no_stream_are_clear_errors(bus: Bus) -> None:
    with pytest.raises(OutsideError, match="did not take"):
        await bus.publish("hp.nowhere", b"x", "1")
    with pytest.raises(ValueError, match="prefix"):
        await Bus.connect("nats://127.0.0.1:1", prefix="a.b")


async def test_that_a_restarted_server_loses_nothing(tmp_path: Path) -> None:
    server = EmbeddedNats(tmp_path / "js").start()
    bus = await Bus.connect(server.url)
    listener = Listener()
    try:
        async with consuming(bus, listener):
            await bus.publish("hp.inbound", b"before", "1")
            await listener.until(1)
            await until_known(bus, lambda found: not found.num_ack_pending)
            await asyncio.to_thread(server.stop)
            with pytest.raises(OutsideError):
                async with asyncio.timeout(60):
                    await bus.publish("hp.inbound", b"away", "2")
            server.start()
            async with asyncio.timeout(60):
                while True:
                    with contextlib.suppress(OutsideError):
                        await bus.publish("hp.inbound", b"away", "2")
                        break
            assert await listener.until(2) == [b"before", b"away"]
    finally:
        await bus.close()
        server.stop()


async def test_that_a_deployment_that_ends_leaves_nothing_on_the_server(
    bus: Bus, nats_url: str
) -> None:
    await bus.publish("hp.inbound", b"left behind", "1")
    await bus.drop_streams()
    with pytest.raises(OutsideError):
        await bus.publish("hp.inbound", b"nobody keeps it", "2")
    await bus.drop_streams()  # safe to repeat


async def test_that_a_server_that_is_not_there_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bus_module, "CONNECT_DEADLINE_S", 0.5)
    with pytest.raises(OutsideError, match=r"answers at 127\.0\.0\.1:1: \w+") as refused:
        await Bus.connect("nats://me:hunter2@127.0.0.1:1", prefix="p")
    assert "hunter2" not in str(refused.value)
