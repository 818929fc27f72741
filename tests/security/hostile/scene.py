"""Where attacks happen: the attacker's tenant, and a neighbour with something to lose."""

import hashlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from fakes.publishing import Publisher, manifest, store_manifest
from fakes.site import Site, open_sites
from fakes.street import House, Names, Street, open_street
from hyperpersonal_core.api import Document
from hyperpersonal_core.memory.documents import Section
from hyperpersonal_marketplace.api import InstallRefusedError
from hyperpersonal_registry.api import PublishRefusedError
from hyperpersonal_runtime.api import CallResult
from hyperpersonal_runtime.egress.fetcher import Fetcher
from hyperpersonal_sdk import hpx, signing
from hyperpersonal_sdk.errors import ArchiveError, CapabilityError, ManifestError
from hyperpersonal_sdk.signing import Statement
from msgspec import Struct
from security.hostile import network
from security.hostile.attack import Attack, filled, packed

SHOP = "shop.example"  # what stands for the internet is on this machine: an operator named it
CANARY = "CANARY-"  # in everything of the neighbour's, and in nothing an attacker may see

HONEST = """
import json
from hyperpersonal_sdk.authoring import *

plugin = Agent()


@plugin.reply
def reply(turn, host):
    if turn.text.startswith("keep "):
        _, key, value = turn.text.split()
        host.call("kv.put", key=key, value=value + "-note")
        host.remember("colour", value + "-fact")
        return "kept"
    order = host.tool("commerce.orders.get", order_id="1")
    passages = [passage.text for passage in host.search("returns", limit=5)]
    facts = to_json(host.recall("").facts)
    note = host.call("kv.get", key="note").value
    return json.dumps([to_json(order), passages, facts, note, turn.text])
"""
STORE = """
from hyperpersonal_sdk.authoring import *

plugin = Connector()


@plugin.tool("commerce.orders.get")
def get(host, order_id):
    who = host.fetch("$SITE/whoami").body
    return {"id": order_id, "status": host.config["greeting"], "who": who}
"""
HONEST_ASKS = ("tool:commerce.orders.read", "knowledge:read", "kv:1MiB", "memory:contact.read",
               "memory:contact.write")  # fmt: skip
_ROWS = """
select md5(string_agg(t::text, ',' order by t::text)) from (
  select tenant_id::text || key || value as t from kv
  union all select tenant_id::text || key || value::text from facts
  union all select tenant_id::text || plugin_id || grants::text || digest from installations
) rows"""


class Fate(Struct, frozen=True):
    """How an attack ended; `told` is what its author is told, `result` of its call, if any."""

    at: str
    how: str
    told: str
    result: CallResult | None = None


class Scene:
    """A street of two tenants. `places`: what stands for `$` names in this run."""

    def __init__(self, street: Street, sites: tuple[Site, Site]) -> None:
        self.street = street
        self.site, self.inside = sites
        self.site_url = f"http://{SHOP}:{self.site.port}"
        self.acme, self.mallory = Publisher(1), Publisher(2)
        self.places: dict[str, str] = {}
        self.neighbour: House
        self.own: House
        self.honest: UUID
        self.before: tuple[bytes, str]

    async def settle(self) -> None:
        """Both tenants move in; the neighbour gets all that could be stolen."""
        registry = self.street.market.registry
        await registry.create_namespace("acme", self.acme.public)
        await registry.create_namespace("mallory", self.mallory.public)
        self.neighbour = await self.street.house("fernhill")
        self.own = await self.street.house("mallorys")
        self.places = {"$SITE": self.site_url}
        await self._publish_honest()
        self.honest = await self._furnish(self.neighbour, "note CANARY")
        await self._furnish(self.own, "own harmless")
        self.places |= {
            "$INSIDE": f"http://127.0.0.1:{self.inside.port}", "$IN": str(self.inside.port),
            "$NEIGHBOUR": str(self.neighbour.tenant_id), "$HONEST": str(self.honest),
            "$CONTACT": str(self.neighbour.contact_id),
        }  # fmt: skip
        self.before = await self.of_the_neighbour()

    async def try_it(self, attack: Attack, plugin_id: str) -> Fate:
        """The whole way of one plugin, as far as it comes."""
        try:
            archive = packed(attack, plugin_id, self.places)
        except ArchiveError as error:
            return Fate("pack", error.code, str(error))
        try:
            await self.street.market.registry.publish(archive, self._signed(attack, archive))
        except PublishRefusedError as error:
            return Fate("publish", error.reason, error.message)
        try:
            return await self._in_house(attack, plugin_id)
        except InstallRefusedError as error:
            return Fate("install", error.reason, error.message)

    async def of_the_neighbour(self) -> tuple[bytes, str]:
        """What the neighbour's agent answers its shopper, and a fingerprint of what the database
        holds of the neighbour; `before` is this before anybody attacked."""
        result = await self.neighbour.call(self.honest, {"text": "how are you?"})
        assert result.outcome == "ok", result
        assert result.value.count(CANARY.encode()) == 4, result.value
        async with self.street.ground.db.transaction(self.neighbour.tenant_id) as connection:
            return result.value, str(await connection.fetchval(_ROWS))

    async def _in_house(self, attack: Attack, plugin_id: str) -> Fate:
        payload = self._filled(attack.payload)
        if attack.elsewhere:
            installed = await self._install(self.neighbour, attack, plugin_id)
            await self.neighbour.call(installed, payload, attack.hook)
            await self.neighbour.uninstall(installed)
        installed = await self._install(self.own, attack, plugin_id)
        result = await self.own.call(installed, payload, attack.hook)
        if attack.again is not None:
            again = self._filled(attack.again)
            result = await self.own.call(installed, again, attack.hook, recorded=result.journal)
        await self.own.uninstall(installed)
        return Fate("call", result.outcome.value, _told(result), result)

    async def _install(self, house: House, attack: Attack, plugin_id: str) -> UUID:
        wanted = attack.asks if attack.grants is None else attack.grants
        grants = [filled(one, self.places) for one in wanted]
        return await house.install(plugin_id, grants, attack.config)

    async def _publish_honest(self) -> None:
        honest = (manifest("acme/honest", asks=HONEST_ASKS), HONEST)
        store = (store_manifest("acme/store", self.site_url), filled(STORE, self.places))
        for text, source in (honest, store):
            files = {"plugin.toml": text.encode(), "hello.py": source.encode()}
            await self.street.publish(self.acme, hpx.pack(files))

    async def _furnish(self, house: House, kept: str) -> UUID:
        """An honest agent with a key in its store; the neighbour also has a shop, facts and
        articles."""
        honest = await house.install("acme/honest", HONEST_ASKS)
        if house is self.neighbour:
            await house.install(
                "acme/store", [self._site_get], {"greeting": "CANARY-config"},
                {self.site_url: {"Authorization": "Bearer CANARY-credential"}},
            )  # fmt: skip
            article = Document("returns", "Returns", (Section("", "CANARY-article: 30 days."),))
            await self.street.mind.knowledge.import_documents(house.tenant_id, [article])
        contact = house.contact_id if house is self.neighbour else await house.contact("Bob")
        result = await house.call(honest, {"text": f"keep {kept}"}, contact_id=contact)
        assert result.outcome == "ok", result
        return honest

    @property
    def _site_get(self) -> str:
        return f"http:GET {self.site_url}/*"

    def _signed(self, attack: Attack, archive: bytes) -> bytes:
        """Signed with the attacker's key; where no honest statement can be made, with a lie."""
        try:
            statement = signing.statement_of(hpx.unpack(archive))
        except (ArchiveError, ManifestError, CapabilityError, UnicodeDecodeError):
            statement = Statement("mallory/p", "1.0.0", _seeming_digest(archive), "sha256:0")
        return signing.sign(statement, self.mallory.key)

    def _filled(self, payload: Any) -> Any:
        return msgspec.json.decode(filled(msgspec.json.encode(payload).decode(), self.places))


def _told(result: CallResult) -> str:
    if result.outcome != "ok":
        return result.detail
    answer = msgspec.json.decode(result.value)
    return str(answer["text"]) if isinstance(answer, dict) and "text" in answer else str(answer)


def _seeming_digest(archive: bytes) -> str:
    length = struct.unpack(">I", archive[6:10].ljust(4, b"\0"))[0]
    return f"sha256:{hashlib.sha256(archive[10 : 10 + length]).hexdigest()}"


@asynccontextmanager
async def open_scene(dsn: str, nats_url: str, folder: Path) -> AsyncIterator[Scene]:
    """Everything in its place."""
    with open_sites() as sites:
        names = Names(network.NAMES | {SHOP: ["127.0.0.1"]})
        fetcher = Fetcher(private_hosts=[SHOP], resolve=names.resolve)
        async with open_street(dsn, nats_url, folder, fetcher=fetcher) as street:
            scene = Scene(street, sites)
            await scene.settle()
            yield scene
