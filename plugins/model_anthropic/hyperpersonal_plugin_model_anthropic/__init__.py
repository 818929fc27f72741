"""Anthropic's Messages, through the vendor's own client.

The client is not changed: its HTTP goes out by the host, which puts the credential in. Its own
retries are off: the host alone knows how much of the turn's time is left.
"""

import anthropic
from httpx2 import AsyncClient
from hyperpersonal_sdk import Model
from hyperpersonal_sdk.native.http import HostTransport
from hyperpersonal_sdk.native.models import Draft, Names

from hyperpersonal_plugin_model_anthropic.answers import answered, streamed
from hyperpersonal_plugin_model_anthropic.asks import asked
from hyperpersonal_plugin_model_anthropic.faults import RAISED, fault

BASE_URL = "https://api.anthropic.com"
IN_THE_HOST = "the host puts it in"

plugin = Model()


@plugin.generate
async def generate(ask, host):
    """One message, streamed where the shopper is to see it grow."""
    names = Names([tool.name for tool in ask.get("tools") or ()], 128)
    try:
        async with _client(ask, host) as client:
            if not ask.get("stream"):
                return answered(await client.messages.create(**asked(ask, names)), names)
            async with client.messages.stream(**asked(ask, names)) as flow:
                return await streamed(flow, names, Draft(host))
    except RAISED as raised:
        return {"error": fault(raised)}


def _client(ask, host):
    config = ask.get("config")
    timeout_s = ask.get("timeout_ms", 30_000) / 1000
    return anthropic.AsyncAnthropic(
        api_key=IN_THE_HOST,
        base_url=(config and config.get("base_url")) or BASE_URL,
        max_retries=0,
        timeout=timeout_s,
        open_telemetry=False,
        http_client=AsyncClient(transport=HostTransport(host), trust_env=False),
    )
