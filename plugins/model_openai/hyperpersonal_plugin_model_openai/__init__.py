"""OpenAI, and every service that speaks its Chat Completions, through the vendor's own client.

The client is not changed: its HTTP goes out by the host, which puts the credential in. Its own
retries are off: the host alone knows how much of the turn's time is left.
"""

import openai
from httpx2 import AsyncClient
from hyperpersonal_sdk import Model
from hyperpersonal_sdk.native.http import HostTransport
from hyperpersonal_sdk.native.models import Draft, Names

from hyperpersonal_plugin_model_openai.answers import answered, streamed
from hyperpersonal_plugin_model_openai.asks import asked
from hyperpersonal_plugin_model_openai.faults import RAISED, fault

BASE_URL = "https://api.openai.com/v1"
IN_THE_HOST = "the host puts it in"

plugin = Model()


@plugin.generate
async def generate(ask, host):
    """One completion, streamed where the shopper is to see it grow."""
    names = Names(tool.name for tool in ask.get("tools") or ())
    try:
        async with _client(ask, host) as client:
            if not ask.get("stream"):
                said = await client.chat.completions.create(**asked(ask, names))
                return answered(said, names)
            flow = await client.chat.completions.create(**asked(ask, names))
            return await streamed(flow, names, Draft(host))
    except RAISED as raised:
        return {"error": fault(raised)}


def _client(ask, host):
    config = ask.get("config")
    timeout_s = ask.get("timeout_ms", 30_000) / 1000
    return openai.AsyncOpenAI(
        api_key=IN_THE_HOST,
        base_url=(config and config.get("base_url")) or BASE_URL,
        max_retries=0,
        timeout=timeout_s,
        http_client=AsyncClient(transport=HostTransport(host), trust_env=False),
    )
