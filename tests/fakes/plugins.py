"""Small plugins made of one function's body, for tests of the sandbox."""

import textwrap

from hyperpersonal_runtime.calls import HookCall, Limits
from hyperpersonal_runtime.testing import hook_call

HEAD = "from hyperpersonal_sdk import *\nplugin = Agent()\n"


def agent(body: str, *grants: str, limits: Limits | None = None, head: str = "") -> HookCall:
    """A call of an agent whose `reply(turn, host)` has this body."""
    source = (
        f"{HEAD}{head}\n@plugin.reply\ndef reply(turn, host):\n{textwrap.indent(body, '    ')}\n"
    )
    return hook_call({"p/__init__.py": source.encode()}, "p", grants, limits)
