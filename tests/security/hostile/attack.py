"""What an attack is: a plugin, what it tries, and where and how it must be refused."""

import textwrap
from typing import Any

from fakes.publishing import manifest
from hyperpersonal_sdk import hpx
from msgspec import Struct, field

# The addresses differ in every run; `$` names stand for them in sources, asks and payloads.
SITE, INSIDE = "$SITE", "$INSIDE"
SITE_GET = f"http:GET {SITE}/*"
SITE_WRITE = f"http:GET|POST {SITE}/*"

AGENT_PART = '[agent]\nlabels = ["order"]\n'
HEAD = """
import json
from hyperpersonal_sdk.authoring import *

plugin = Agent()


def first_of(*tries):
    \"\"\"What the first of these gets hold of; when none does, the last refusal.\"\"\"
    refusal = None
    for attempt in tries:
        try:
            return "STOLEN " + repr(attempt())[:2000]
        except Exception as error:
            refusal = error
    raise refusal
"""


class Refusal(Struct, frozen=True):
    """Where it ends (pack, publish, install or call), how (a reason's code, or an outcome), and
    words that must be told. A call that ends `ok` must answer `words` and nothing else."""

    at: str
    how: str
    words: str = ""


class Attack(Struct, frozen=True, kw_only=True):
    """One row of the corpus.

    Args:
        name: unique in the corpus.
        tries: what it would gain.
        refused: how it must end.
        files: of the archive; `plugin.toml` is written here where it is missing.
        asks: capabilities of its manifest. grants: what the tenant gives of them; None: all.
        kind, more: the manifest's kind, and further TOML.
        archive: these bytes instead of a packed archive; `blind`: signed as something else.
        hook, payload: what is called.
        again: the call is made once more with this payload over the first one's journal.
        config: of the installation.
        elsewhere: it is first called in the neighbour's house, then in its own.
        acts: how many writes may arrive at the site.
        release: the manifest's id; '' for one of its own.
    """

    name: str
    tries: str
    refused: Refusal
    files: dict[str, bytes] = {}
    asks: tuple[str, ...] = ()
    grants: tuple[str, ...] | None = None
    kind: str = "agent"
    more: str = ""
    archive: bytes | None = None
    blind: bool = False
    hook: str = "reply"
    payload: Any = field(default_factory=lambda: {"text": "hi"})
    again: Any = None
    config: dict[str, Any] = {}
    elsewhere: bool = False
    acts: int = 0


def call(outcome: str, words: str = "") -> Refusal:
    """Refused while it runs."""
    return Refusal("call", outcome, words)


def publish(reason: str, words: str = "") -> Refusal:
    """Refused by the registry."""
    return Refusal("publish", reason, words)


def agent(name: str, tries: str, body: str, refused: Refusal, *asks: str, **more: Any) -> Attack:
    """An agent whose `reply(turn, host)` has this body; `head`: code of the module before it."""
    head = textwrap.dedent(more.pop("head", ""))
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    source = f"{HEAD}\n{head}\n@plugin.reply\ndef reply(turn, host):\n{lines}\n"
    files = {"hello.py": source.encode()}
    return Attack(name=name, tries=tries, refused=refused, files=files, asks=asks, **more)


def packed(attack: Attack, plugin_id: str, places: dict[str, str]) -> bytes:
    """The artifact of an attack. Raises ArchiveError where packing refuses it already."""
    if attack.archive is not None:
        return attack.archive
    files = {path: filled(data.decode("latin-1"), places).encode("latin-1")
             for path, data in attack.files.items()}  # fmt: skip
    if "plugin.toml" in files:
        files["plugin.toml"] = files["plugin.toml"].replace(b"mallory/p", plugin_id.encode())
    else:
        asks = tuple(filled(ask, places) for ask in attack.asks)
        text = manifest(plugin_id, asks=asks, more=attack.more)
        if attack.kind == "connector":
            text = text.replace('"reply"', '"call_tool"').replace(AGENT_PART, "")
        if "plugin.wasm" in files:
            text = text.replace('entry = "hello"', 'entry = "plugin.wasm"')
        files["plugin.toml"] = text.replace('kind = "agent"', f'kind = "{attack.kind}"').encode()
    return hpx.pack(files)


def filled(text: str, places: dict[str, str]) -> str:
    """The text with this run's addresses."""
    for name, value in places.items():
        text = text.replace(name, value)
    return text
