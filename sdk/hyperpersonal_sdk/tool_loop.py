"""The tool loop: model -> tool -> model -> ... -> its last words, in a bounded number of rounds.

Rules:
1. Tools run one after the other, in the order the model asked for them: a re-run of the turn makes
   the same host calls in the same order.
2. What a tool answers goes to the model as data, never as an instruction, and cut to a length.
3. A tool that fails, is not granted or does not exist is told to the model, which may go on
   without it. No tool runs in the last round: then the model must speak.

Runs inside the sandbox: pure Python, no `dataclasses`.
"""

import json

from hyperpersonal_sdk.authoring import HostCallFailedError, to_json

ROUNDS_MAX = 6
USES_MAX = 12
RESULT_CHARS_MAX = 6_000
CUT = " ... (cut)"


class Tool:
    """A tool of the loop: what the model reads of it, and the function that does it.

    `run(host, **arguments)` gives a JSON-able value. `parameters` is a JSON Schema of type object.
    """

    def __init__(self, name, description, parameters, run):
        self.name = name
        self.description = description
        self.parameters = parameters
        self.run = run

    def to_json(self):
        return {
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }


class Ended:
    """How a loop ended: the model's last `text`, its `stop`, and `used`: each tool's name,
    arguments and result (None where it failed), in order."""

    def __init__(self, text, stop, used, messages):
        self.text = text
        self.stop = stop
        self.used = used
        self.messages = messages


def run(host, messages, tools, *, rounds_max=ROUNDS_MAX, **ask):
    """Let the model work with these tools until it speaks.

    `ask` goes on to `host.generate`. Raises what that raises."""
    messages, used = list(messages), []
    known = {tool.name: tool for tool in tools}
    listed = [tool.to_json() for tool in tools]
    for number in range(rounds_max):
        more = bool(tools) and number < rounds_max - 1 and len(used) < USES_MAX
        said = host.generate(messages, tools=listed, may_use=more, **ask).to_json()
        uses = said.get("uses") or []
        if not (uses and more):
            return Ended(said.get("text", ""), said.get("stop", "end"), used, messages)
        messages.append({"role": "assistant", "text": said.get("text", ""), "uses": uses})
        for use in uses[:USES_MAX]:
            text = _result(host, known, use, used)
            messages.append({"role": "tool", "text": text, "use_id": use["id"]})
        for use in uses[USES_MAX:]:
            text = json.dumps({"error": "too many tools at once"})
            messages.append({"role": "tool", "text": text, "use_id": use["id"]})
    return Ended("", "length", used, messages)


def _result(host, known, use, used):
    """The use's result as the model reads it."""
    name, arguments = use["name"], use.get("arguments") or {}
    if name not in known:
        return json.dumps({"error": f"there is no tool {name}"})
    try:
        value = to_json(known[name].run(host, **arguments))
    except HostCallFailedError as error:
        used.append((name, arguments, None))
        return json.dumps({"error": f"{error.kind}: {error.message}"})
    except (TypeError, ValueError, KeyError) as error:
        used.append((name, arguments, None))
        return json.dumps({"error": f"invalid: {error}"})
    used.append((name, arguments, value))
    text = json.dumps({"result": value})
    return text if len(text) <= RESULT_CHARS_MAX else text[:RESULT_CHARS_MAX] + CUT
