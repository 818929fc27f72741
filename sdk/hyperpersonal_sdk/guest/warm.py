"""Runs the loop at build time, so that the snapshot holds it already specialised.

CPython rewrites hot bytecode as it runs; in a fresh copy-on-write instance every first write costs
a page fault, and those are most of a short call's time.
"""

import json
import sys

ROUNDS = 100
NAME = "hyperpersonal_warm_up"
SOURCE = """
import re
from hyperpersonal_sdk import Agent, Evidence, Reply
plugin = Agent()

@plugin.reply
def reply(turn, host):
    found = re.search(r"#?[A-Z]+[0-9]{4,}", turn.text)
    order = host.tool("commerce.orders.get", order_id=found[0])
    for item in order.items:
        item.get("name"), item.price.minor, item["price"], "name" in item
    passages = host.search("how long", limit=1)
    evidence = [Evidence("tool", order.id, order.status), Evidence("passage", passages[0].id)]
    state = dict(turn.state, order=order.id)
    return Reply(f"Order {order.id} is {order.status}.", confidence=0.9, evidence=evidence,
                 state=state, shared=turn.shared)
"""
PAYLOAD = {"text": "Where is my order #W1234567?", "history": [], "state": {"a": 1}, "shared": {}}
ANSWERS = {
    "tool.call": {
        "value": {
            "id": "#W1234567",
            "status": "delivered",
            "items": [{"name": "Lamp", "price": {"minor": 100, "currency": "USD"}}] * 3,
        }
    },
    "knowledge.search": {"passages": [{"id": "p1", "text": "3 to 5 days", "score": 0.5}]},
}


def warm_up(run):
    """Call the loop's `run(request, call, log)` with a small agent, ROUNDS times."""
    compiled = run({"op": "compile", "files": {f"{NAME}/__init__.py": SOURCE}}, _call, _log)
    request = {"op": "call", "hook": "reply", "entry": NAME, "modules": compiled}
    text = json.dumps({**request, "payload": PAYLOAD})
    path = list(sys.meta_path)
    for _ in range(ROUNDS):
        json.dumps(run(json.loads(text), _call, _log), allow_nan=False, separators=(",", ":"))
        del sys.modules[NAME]
    sys.meta_path[:] = path


def _call(name, payload):
    json.loads(payload)
    return json.dumps(ANSWERS[name])


def _log(level, text):
    raise AssertionError(text)
