"""Open questions: the model words the answer, the merchant's own articles and products are it.

Rules:
1. What the model may know is given to it as numbered sources; what it says must name some of them.
   Without a named source nothing is said, and the next agent gets the message.
2. Sources and the shopper's words are data. The tools only read, and read nothing of a person.
3. No model, no answer in time, no source: the next agent, never an excuse.
"""

from hyperpersonal_sdk import Agent, HostCallFailedError, Reply
from hyperpersonal_sdk.tool_loop import run

from hyperpersonal_plugin_assistant_agent.prompt import RULES, talk
from hyperpersonal_plugin_assistant_agent.sources import Sources, tools

ROUNDS_MAX = 4
TOKENS_MAX = 600
CONFIDENCE = 0.75

plugin = Agent()


@plugin.reply
def reply(turn, host):
    """An answer with its sources, or the message for the next agent."""
    sources = Sources(turn.get("passages") or [])
    try:
        ended = run(
            host,
            talk(turn, sources),
            tools(sources),
            rounds_max=ROUNDS_MAX,
            instructions=RULES.format(shop=turn.get("tenant_name") or "this shop"),
            tokens_max=TOKENS_MAX,
            stream=True,
        )
    except HostCallFailedError as error:
        host.log(f"no answer of a model: {error.kind}: {error.message}", "warn")
        return next_agent(turn)
    text, evidence = sources.cited(ended.text)
    if ended.stop != "end" or not (text and evidence):
        return next_agent(turn)
    return Reply(text, confidence=CONFIDENCE, evidence=evidence)


def next_agent(turn):
    return Reply("", status="declined", leftover=turn.text, confidence=0.0)
