import re

from hyperpersonal_sdk import Agent, Evidence, Reply

plugin = Agent()


@plugin.reply
def reply(turn, host):
    found = re.search(r"#?[A-Z]+\d{4,}", turn.text)
    if found is None:
        return Reply("Which order is it? The number looks like #W1234567.", status="asking")
    order = host.tool("commerce.orders.get", order_id=found[0])
    evidence = Evidence("tool", f"commerce.orders.get{order.id}", order.status)
    return Reply(f"Order {order.id} is {order.status}.", confidence=0.9, evidence=[evidence])
