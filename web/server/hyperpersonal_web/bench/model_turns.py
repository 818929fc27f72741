"""Turns with a language model: message -> model -> order tool -> model -> reply, all of it real.

The agent runs in a fresh sandbox each turn, the connector in its own, the vendor's official client
in its jail; every call is journaled and every turn durable. The model is a stub in a process of
its own that speaks the vendor's protocol; neither it nor the load generator is counted. Without
memory and routing, as the peers this is compared with. Measured in full, both Python plugins were
promoted before, as hot ones are in service.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.api import Understanding
from hyperpersonal_registry.api import Registry, Verdict, house
from hyperpersonal_runtime.api import CallScope
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.contract.models import GenerateAsk, ModelMessage
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs

from hyperpersonal_web.bench.crowd import Crowd, gather_crowd
from hyperpersonal_web.bench.echo import FirstAgent, NoRecall
from hyperpersonal_web.bench.load import Figures, Load
from hyperpersonal_web.bench.parts import PARTS
from hyperpersonal_web.bench.served import open_served, run_load
from hyperpersonal_web.bench.terms import Terms
from hyperpersonal_web.bench.turns import Scene, sample, slices_median
from hyperpersonal_web.client import ChatConnection
from hyperpersonal_web.demo.ceremony import reviewer_keys
from hyperpersonal_web.demo.plugins import publish_all, publisher_key
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.wiring import (
    Engine,
    Ground,
    Market,
    open_engine,
    open_ground,
    open_market,
    open_understanding,
)

CROWD = 32
CROWD_LARGE = 256
SAMPLES = 8
DRAFTS = 9
WARM_SECONDS = 2.0
LATENCY_MS = 1_000
START_MS_MAX = 300_000
MODEL = "hyperpersonal/model_openai"

AGENT = b"""
from hyperpersonal_sdk import Agent, Reply
from hyperpersonal_sdk.tool_loop import Tool, run

plugin = Agent()
ORDER = {"order_id": {"type": "string"}}
SCHEMA = {"type": "object", "properties": ORDER, "required": ["order_id"]}


def get_order(host, order_id):
    return host.tool("commerce.orders.get", order_id=order_id)


TOOLS = [Tool("get_order", "Looks up an order by its number.", SCHEMA, get_order)]
RULES = "You are the support of a shop. Use get_order. Answer in one friendly sentence. " * 8


@plugin.reply
def reply(turn, host):
    asked = [{"role": "user", "text": f"{turn.text} (turn {turn.turn_id})"}]
    shown = turn.text.startswith("Show")
    ended = run(host, asked, TOOLS, instructions=RULES, tokens_max=300, stream=shown)
    return Reply(ended.text, confidence=0.9)
"""
SHOP = b"""
from hyperpersonal_sdk import Connector

plugin = Connector()


@plugin.tool("commerce.orders.get")
def get(host, order_id):
    item = {"item_id": "1", "name": "Tent", "price": {"minor": 12900, "currency": "USD"}}
    return {"id": order_id, "status": "processed", "items": [item], "note": "with the carrier"}
"""
TOOL = "commerce.orders.get"


MANIFEST = """
id = "bench/{name}"
version = "1.0.0"
kind = "{kind}"
title = "{name}"
description = "Measured."
licence = "Apache-2.0"
entry = "{name}"
hooks = ["{hook}"]
{more}
"""
ASK = '[[capabilities]]\nask = "{}"\nwhy = "Measured."\n'
AGENT_GRANTS = ("model:generate<=20k tokens/turn", "tool:commerce.orders.read")
MODEL_GRANTS = ("http:POST http://127.0.0.1:*/*",)

_Tokens = list[str]


async def bench_model_turns(
    props: Props, terms: Terms, latencies_ms: tuple[int, ...] = (0, LATENCY_MS)
) -> dict[str, float]:
    """With a model that answers at once, then with one that takes a second."""
    async with AsyncExitStack() as stack:
        terms.say("starting the sandboxes")
        settings = structs.replace(props.settings, promote_calls=0)  # before, not meanwhile
        ground = await open_ground(stack, settings, props.addresses)
        await props.guest()
        await _publish(open_market(ground), props)
        figures: dict[str, float] = {}
        for latency_ms in latencies_ms:
            found = await _with_model(ground, props, terms, latency_ms)
            mark = f"_{latency_ms}ms" if latency_ms else ""
            figures |= {f"{name}{mark}": value for name, value in found.items()}
        return figures


async def _with_model(
    ground: Ground, props: Props, terms: Terms, latency_ms: int
) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        model_port = await stack.enter_async_context(_stub(latency_ms))
        market = open_market(ground)
        gateway, port = await open_served(stack, ground)
        crowd = await gather_crowd(ground, gateway.tokens, terms.count or CROWD_LARGE)
        await _install(market, crowd, model_port)
        engine = await open_engine(stack, ground, quiet_mind(ground), market)
        promoted = await _promote(engine, market, crowd, terms)
        await _start_model(engine, market, crowd)
        scene = Scene(ground, props, crowd, port)
        return {"promoted": float(promoted), **await _measured(scene, terms, latency_ms)}


async def _promote(engine: Engine, market: Market, crowd: Crowd, terms: Terms) -> bool:
    """The agent and the connector are hot here, so they have their own components, as they would
    have after a busy minute in service; only a measurement in full waits for that."""
    if terms.count:
        return False
    terms.say("promoting the agent and the connector")
    bundle = await market.installations.bundle(crowd.tenant_id)
    python = [one.digest for one in bundle.installations.values() if one.kind != "model"]
    refused = [await engine.host.promote(await market.releases.load(one)) for one in python]
    return not any(refused)


async def _start_model(engine: Engine, market: Market, crowd: Crowd) -> None:
    """Ask the model once by itself: its process imports the vendor's client, which may take a slow
    machine longer than a shopper's turn may."""
    bundle = await market.installations.bundle(crowd.tenant_id)
    (model,) = (one for one in bundle.installations.values() if one.kind == "model")
    ask = GenerateAsk([ModelMessage("user", "Hello")], model="stub", config=model.config)
    scope = CallScope(str(crowd.tenant_id), str(model.id))
    release = await market.releases.load(model.digest)
    call = model.call(release, "generate", msgspec.json.encode(ask), scope, START_MS_MAX)
    limits = structs.replace(call.limits, deadline_ms=START_MS_MAX)
    result = await engine.host.call(structs.replace(call, limits=limits))
    if result.outcome is not Outcome.OK:
        raise RuntimeError(f"the model's process did not start: {result.detail}")


async def _measured(scene: Scene, terms: Terms, latency_ms: int) -> dict[str, float]:
    tokens = scene.crowd.tokens
    model_ms = 2 * latency_ms
    seconds = max(terms.seconds, 3 * model_ms / 1000)
    terms.say(f"warming up; a model call takes {latency_ms} ms")
    await _load(scene, tokens[:CROWD], WARM_SECONDS + model_ms / 1000)
    terms.say(f"one shopper; a model call takes {latency_ms} ms")
    alone = await _load(scene, tokens[:1], seconds)
    terms.say(f"{CROWD} shoppers; a model call takes {latency_ms} ms")
    ended = asyncio.Event()
    sampling = asyncio.create_task(sample(scene, seconds / SAMPLES, ended))
    some = await _load(scene, tokens[:CROWD], seconds)
    ended.set()
    cpu = await sampling
    terms.say(f"{len(tokens)} shoppers; a model call takes {latency_ms} ms")
    many = await _load(scene, tokens, 2 * seconds)  # they all end at about the same time
    terms.say(f"the first words on the screen; a model call takes {latency_ms} ms")
    first_words_ms = await _first_words(scene)
    ours = [part for part in PARTS if part != "postgresql"]
    return {
        "cpu_ms_turn": slices_median(cpu, *ours),
        "pg_cpu_ms_turn": slices_median(cpu, "postgresql"),
        **{f"cpu_ms_turn_{part}": slices_median(cpu, part) for part in ours},
        "added_ms_p50": round(alone.ms_p50 - model_ms, 2),
        "added_ms_p99": round(alone.ms_p99 - model_ms, 2),
        "first_words_ms_p50": round(first_words_ms - model_ms, 2),
        "turns_per_s_c32": some.msgs_per_s,
        "turns_per_s_c256": many.msgs_per_s,
    }


async def _load(scene: Scene, tokens: _Tokens, seconds: float) -> Figures:
    text = "Where is my order #W1000001?"
    return await run_load(Load(scene.port, tokens, seconds, "ws", texts=[text]))


async def _first_words(scene: Scene) -> float:
    """From the message to the first sentence of the draft, ms; the median of a few. The stub takes
    10 ms a word, and the first sentence has eight."""
    chat = await ChatConnection.open(f"http://127.0.0.1:{scene.port}", scene.crowd.tokens[0])
    took = []
    for number in range(DRAFTS):
        started = time.perf_counter()
        await chat.say(f"Show me order {number} as you write", f"{started}")
        at, whole = await _until(chat, "draft")
        took.append(at - started)
        while not whole:
            _, whole = await _until(chat, "reply")
    await chat.close()
    return statistics.median(took) * 1000


async def _until(chat: ChatConnection, what: str) -> tuple[float, bool]:
    """When words of the answer, or (`reply`) all of it, were there, and whether it was all."""
    while True:
        frame = await chat.next("draft", "events")
        told = [event for event in frame.get("events", ()) if event["source"] != "contact"]
        if told or frame["type"] == what:
            return time.perf_counter(), bool(told)


@asynccontextmanager
async def _stub(latency_ms: int) -> AsyncIterator[int]:
    """The model service; the port it listens on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hyperpersonal_web.model_stub", "--port", "0",
        "--script", "order_desk", "--latency-ms", str(latency_ms),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield int(await asyncio.wait_for(process.stdout.readline(), 30))
    finally:
        process.terminate()
        await process.wait()


def quiet_mind(ground: Ground) -> Understanding:
    """Remembers nothing, and gives every turn to the first agent."""
    return structs.replace(open_understanding(ground), recall=NoRecall(), router=FirstAgent())


async def _publish(market: Market, props: Props) -> None:
    """The bench's own two plugins, and the first-party ones for the vendor's client."""
    asks = "".join(map(ASK.format, AGENT_GRANTS))
    packed = (
        _packed("agent", "agent", "reply", f'{asks}[agent]\nlabels = ["order"]', AGENT),
        _packed("shop", "connector", "call_tool", f'[connector]\ntools = ["{TOOL}"]', SHOP),
    )
    key = Ed25519PrivateKey.generate()
    await market.registry.create_namespace("bench", key.public_key().public_bytes_raw())
    reviewers = reviewer_keys(props.settings)
    for artifact in packed:
        await house.publish(market.registry, artifact, key, reviewers, _unchecked(market.registry))
    await publish_all(market.registry, publisher_key(props.folder / "key"), reviewers)


def _unchecked(registry: Registry) -> house.Report:
    """The checks are not what is measured here."""
    return lambda _: [Verdict(name, "PASS") for name in registry.ground.policy.checks]


def _packed(name: str, kind: str, hook: str, more: str, source: bytes) -> bytes:
    declared = MANIFEST.format(name=name, kind=kind, hook=hook, more=more)
    return hpx.pack({"plugin.toml": declared.encode(), f"{name}/__init__.py": source})


async def _install(market: Market, crowd: Crowd, model_port: int) -> None:
    config = {"base_url": f"http://127.0.0.1:{model_port}/v1", "models": {"strong": "stub"},
              "prices": {"stub": {"tokens_in": 1.0, "tokens_out": 4.0}}}  # fmt: skip
    install, tenant_id = market.installer.install, crowd.tenant_id
    await install(tenant_id, "bench/agent", grants=AGENT_GRANTS)
    await install(tenant_id, "bench/shop", grants=())
    await install(tenant_id, MODEL, grants=MODEL_GRANTS, config=config)
