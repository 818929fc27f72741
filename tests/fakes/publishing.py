"""A publisher for tests: makes small plugins, packs and signs them with a fixed key."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_sdk import hpx, signing
from hyperpersonal_sdk.signing import Statement

MANIFEST = """
id = "{plugin_id}"
version = "{version}"
kind = "agent"
title = "Hello"
description = "Says hello."
licence = "MIT"
entry = "hello"
hooks = ["reply"]
{capabilities}
[agent]
labels = ["order"]
{more}
"""
CODE = """from hyperpersonal_sdk import Agent

plugin = Agent()
plugin.reply(lambda turn, host: "Hi")
"""


STORE = """
[connector]
tools = ["commerce.orders.get"]
[[secrets]]
header = "Authorization"
why = "The shop's key."
[config]
type = "object"
[config.properties.greeting]
type = "string"
"""


class Publisher:
    """Holds a key and signs what it is told to."""

    def __init__(self, number: int = 1) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.public = self.key.public_key().public_bytes_raw()

    def sign(self, artifact: bytes) -> bytes:
        return signing.sign(signing.statement_of(hpx.unpack(artifact)), self.key)

    def sign_blindly(self, artifact: bytes) -> bytes:
        """Signs what an honest tool would refuse to."""
        digest = hpx.unpack(artifact).digest
        return signing.sign(Statement("acme/hello", "1.0.0", digest, "sha256:0"), self.key)


def manifest(
    plugin_id: str = "acme/hello",
    version: str = "1.0.0",
    asks: tuple[str, ...] = ("knowledge:read",),
    optional: tuple[str, ...] = (),
    more: str = "",
) -> str:
    blocks = [
        f'[[capabilities]]\nask = "{ask}"\nwhy = "For a test."\noptional = {flag}\n'
        for asked, flag in ((asks, "false"), (optional, "true"))
        for ask in asked
    ]
    return MANIFEST.format(
        plugin_id=plugin_id, version=version, capabilities="".join(blocks), more=more
    )


def store_manifest(plugin_id: str, site: str) -> str:
    """A connector that serves one tool, has a greeting to configure and a key to hold."""
    text = manifest(plugin_id, asks=(f"http:GET {site}/*",), more=STORE)
    text = text.replace('kind = "agent"', 'kind = "connector"').replace('"reply"', '"call_tool"')
    return text.replace('[agent]\nlabels = ["order"]\n', "")


def artifact(source: str | None = None, **files: str) -> bytes:
    """An archive of a manifest and a module `hello`; `files`: name without `.py` -> source."""
    modules = {f"{name}.py": code.encode() for name, code in {"hello": CODE, **files}.items()}
    return hpx.pack({"plugin.toml": (source or manifest()).encode(), **modules})
