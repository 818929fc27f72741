import re

import msgspec  # a native wheel, from requirements.lock
from hyperpersonal_sdk import Agent, Evidence, Reply

plugin = Agent()


class Order(msgspec.Struct):
    id: str
    status: str


@plugin.reply
async def reply(turn, host):
    found = re.search(r"#?[A-Z]+\d{4,}", turn.text)
    if found is None:
        return Reply("Which order is it? The number looks like #W1234567.", status="asking")
    answer = await host.tool("commerce.orders.get", order_id=found[0])
    order = msgspec.convert(answer.to_json(), Order)
    evidence = Evidence("tool", f"commerce.orders.get{order.id}", order.status)
    return Reply(f"Order {order.id} is {order.status}.", confidence=0.9, evidence=[evidence])
