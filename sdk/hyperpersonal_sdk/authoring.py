"""How an author writes a plugin: one object, decorated functions, plain values in and out.

Runs inside the sandbox: pure Python, no `dataclasses` (1 ms each to define in the guest).
"""

import json


class Suspended(BaseException):
    """The answer of a host call comes later; the run ends here and starts again with it.

    A BaseException so that `except Exception` in a plugin does not swallow it.
    """


class HostCallFailedError(Exception):
    """A host call was refused or failed. `kind`: denied, not-found, invalid, limit,
    unavailable or failed; the message says what was missing."""

    def __init__(self, kind, message=""):
        super().__init__(message or kind)
        self.kind = kind
        self.message = message


class ToolFailedError(HostCallFailedError):
    """A tool answered with a failure the shopper can be told about."""


class View:
    """A read-only look at a JSON object: `view.order_id`, `view.get("x")`, `view["x"]`."""

    __slots__ = ("_data",)

    def __init__(self, data):
        object.__setattr__(self, "_data", data)

    def __getattr__(self, name):
        try:
            return wrap(self._data[name])
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name):
        return wrap(self._data[name])

    def __contains__(self, name):
        return name in self._data

    def get(self, name, default=None):
        return wrap(self._data.get(name, default))

    def to_json(self):
        return self._data

    def __setattr__(self, name, value):
        raise AttributeError("what the host gives is read-only")

    def __repr__(self):
        return f"View({self._data!r})"


def wrap(value):
    """Objects become `View`s, lists of objects lists of `View`s; the rest stays."""
    if isinstance(value, dict):
        return View(value)
    if isinstance(value, list):
        return [wrap(item) for item in value]
    return value


def then(value, finish):
    """finish(value); an awaitable of it where the value itself is one (native plugins may be
    written with `async def`)."""
    if not hasattr(value, "__await__"):
        return finish(value)

    async def later():
        return finish(await value)

    return later()


class Turn(View):
    """What the shopper wrote and what is known: `text`, `messages`, `history`, `facts`,
    `passages`, `contact`, `state`, `shared`, `intent`, `now` (see contract.turns.TurnRequest)."""

    __slots__ = ()

    @property
    def state(self):
        """This agent's own working state, a plain dict to read and hand back in the reply."""
        return dict(self._data.get("state") or {})

    @property
    def shared(self):
        """The conversation's shared state, a plain dict."""
        return dict(self._data.get("shared") or {})


class _Value:
    """A small struct: named fields with defaults, to_json drops what is empty."""

    _fields = {}

    def __init__(self, *args, **values):
        names = list(self._fields)
        values.update(zip(names, args, strict=False))
        unknown = set(values) - set(names)
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        for name, default in self._fields.items():
            setattr(self, name, values.get(name, default() if callable(default) else default))

    def to_json(self):
        return {name: to_json(getattr(self, name)) for name in self._fields}


class Evidence(_Value):
    """Where a statement comes from: Evidence("tool", "commerce.orders.get#W1", "delivered")."""

    _fields = {"kind": "", "ref": "", "text": ""}


class Handoff(_Value):
    """What a person needs to take over; `reason` is one of contract.turns.HandoffReason."""

    _fields = {
        "reason": "not_able",
        "goal": "",
        "tried": list,
        "question": "",
        "suggested_action": "",
    }


class Reply(_Value):
    """An answer; see contract.turns.TurnReply for the meaning of each field."""

    _fields = {
        "text": "",
        "status": "done",
        "confidence": 0.5,
        "evidence": list,
        "leftover": "",
        "handoff": None,
        "state": dict,
        "shared": dict,
    }


def to_json(value):
    """Plain JSON of values, views, lists and dicts."""
    if isinstance(value, (_Value, View)):
        return value.to_json()
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return value


class Host:
    """The plugin's only way out. Every call is granted, journaled and metered by the host.

    In an `async def` of a native plugin each call is awaited: `await host.tool(...)`."""

    def __init__(self, call, log):
        self._call = (
            call  # (name, payload JSON) -> answer JSON; raises HostCallFailedError, Suspended
        )
        self._log = log
        self.config = {}
        self.money_max = None
        self.moved_amount = None

    def call(self, name, **payload):
        """Any host call by name; the typed helpers below are shorter."""
        answer = self._call(name, json.dumps(to_json(payload)))
        return then(answer, lambda text: wrap(json.loads(text)))

    def tool(self, tool, **arguments):
        """Call a tool of an interface, for example `host.tool("commerce.orders.get", order_id=x)`.

        Raises ToolFailedError with a reason for the shopper, or HostCallFailedError."""
        ask = json.dumps({"tool": tool, "arguments": to_json(arguments)})
        return then(self._call("tool.call", ask), _tool_value)

    def search(self, query, limit=3):
        """The merchant's nearest knowledge passages."""
        found = self.call("knowledge.search", query=query, limit=limit)
        return then(found, lambda answer: answer.passages)

    def generate(self, messages, **ask):
        """Ask the tenant's language model: a text, or messages {"role", "text"}.

        `ask`: instructions, tools, tokens_max, temperature, json_schema, tier ("cheap" or
        "strong"), stream (the shopper sees the text as it comes); the answer has `text`, `uses`,
        `stop` and `usage` (see contract.models). Raises HostCallFailedError: `unavailable` while
        no model is installed, so have something to say without one."""
        if isinstance(messages, str):
            messages = [{"role": "user", "text": messages}]
        return self.call("model.generate", messages=messages, **ask)

    def remember(self, key, value):
        """Keep a fact about this contact (write)."""
        return self.call("memory.remember", key=key, value=value)

    def recall(self, query="", limit=5):
        """Facts about this contact and nearest passages."""
        return self.call("memory.recall", query=query, limit=limit)

    def fetch(self, url, method="GET", headers=None, body=""):
        """HTTP to an allow-listed host; credentials are put in by the host."""
        return self.call("http.fetch", url=url, method=method, headers=headers or {}, body=body)

    def now(self):
        """The journal's clock, ISO 8601 UTC."""
        return then(self.call("clock.now"), lambda answer: answer.now)

    def random_hex(self, n=16):
        """n random bytes from the journal, as hex."""
        return then(self.call("random.bytes", n=n), lambda answer: answer.hex)

    def moved(self, minor, currency):
        """Tell how much money this call of a tool has moved, in minor units (cents)."""
        self.moved_amount = {"minor": minor, "currency": currency}

    def log(self, message, level="info"):
        """A line for the plugin's log."""
        self._log(level, str(message))


def _tool_value(text):
    answer = json.loads(text)
    if answer.get("failure"):
        raise ToolFailedError(answer["failure"]["kind"], answer["failure"].get("message", ""))
    return wrap(answer["value"])


class Plugin:
    """Collects the hooks of a plugin. The module must bind one instance at top level."""

    def __init__(self):
        self.hooks = {}
        self.functions = {}

    def hook(self, name):
        """Decorate the function that serves hook `name`: `f(payload: View, host: Host)`."""

        def decorate(function):
            self.hooks[name] = self.functions[name] = function
            return function

        return decorate

    def function_of(self, hook, payload):
        """The author's own function that serves a hook; None when there is none."""
        return self.functions.get(hook)

    def dispatch(self, hook, payload, host):
        """Run one hook. Called by the guest loop."""
        if hook not in self.hooks:
            raise HostCallFailedError("not-found", f"this plugin has no hook {hook}")
        return then(self.hooks[hook](View(payload), host), to_json)


def _reply_of(answer):
    return Reply(text=answer) if isinstance(answer, str) else answer


class Agent(Plugin):
    """A plugin that answers: decorate one function `reply(turn, host) -> Reply | str`."""

    def reply(self, function):
        def run(payload, host):
            return then(function(Turn(payload.to_json()), host), _reply_of)

        self.hooks["reply"], self.functions["reply"] = run, function
        return function


def _verdict_of(reason):
    return {"verdict": "hold", "reason": reason} if reason else {"verdict": "pass"}


class Guard(Plugin):
    """A plugin that reads replies before they leave: decorate one function
    `review(ask, host) -> str | None`: why a person must see the reply first, or None to let it
    pass. `ask.question` is the shopper's text, `ask.reply` has `text`, `status`, `confidence` and
    `evidence`."""

    def review(self, function):
        def run(ask, host):
            return then(function(ask, host), _verdict_of)

        self.hooks["review_reply"], self.functions["review_reply"] = run, function
        return function


class Model(Plugin):
    """A plugin that serves a language model: decorate one function `generate(ask, host)`, async in
    a native plugin; `ask` is a contract.models.GenerateAsk, the answer the JSON of a
    GenerateAnswer."""

    def generate(self, function):
        return self.hook("generate")(function)


class Connector(Plugin):
    """A plugin that serves tools: decorate one function a tool, `f(host, **arguments)`.

    `@connector.tool("commerce.orders.get")`; writes get `idempotency_key` as an argument too.
    `host.config` is the installation's configuration, `host.money_max` the most this call may
    move, in minor units by currency (None: it moves no money). A tool that moves money tells how
    much with `host.moved(minor, currency)`; else all that was allowed counts as moved.
    Raise ToolFailedError("not-found", "no such order") for what the agent should explain."""

    def __init__(self):
        super().__init__()
        self.tools = {}
        self.hooks["call_tool"] = self._call_tool

    def tool(self, name, *, write=False):
        def decorate(function):
            self.tools[name] = (function, write)
            return function

        return decorate

    def function_of(self, hook, payload):
        if hook != "call_tool":
            return super().function_of(hook, payload)
        return self.tools.get(payload.get("tool"), (None,))[0]

    def _call_tool(self, call, host):
        name = call.tool
        if name not in self.tools:
            return {"failure": {"kind": "unavailable", "message": f"no tool {name} here"}}
        function, write = self.tools[name]
        arguments = dict(call.arguments.to_json())
        if write:
            arguments["idempotency_key"] = call.idempotency_key
        host.config = dict(call.to_json().get("config") or {})
        host.money_max = call.to_json().get("money_max")
        try:
            value = function(host, **arguments)
            if hasattr(value, "__await__"):
                return self._awaited(value, host)
            return self._answer(value, host)
        except (ToolFailedError, TypeError) as error:
            return self._failure(error)

    async def _awaited(self, value, host):
        try:
            return self._answer(await value, host)
        except (ToolFailedError, TypeError) as error:
            return self._failure(error)

    @staticmethod
    def _answer(value, host):
        answer = {"value": to_json(value)}
        return {**answer, "moved": host.moved_amount} if host.moved_amount else answer

    @staticmethod
    def _failure(error):
        if isinstance(error, ToolFailedError):
            return {"failure": {"kind": error.kind, "message": error.message}}
        return {"failure": {"kind": "invalid", "message": str(error)}}
