"""A merchant's whole life with a plugin, over HTTP and from the command line."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click import Group
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fakes.metered import use
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.api import ReceiptKeys
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_marketplace.api import rank
from hyperpersonal_sdk import hpx
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.cli.market import market as command
from hyperpersonal_web.cli.review import review
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.wiring import open_gateway, open_ground, open_market, open_understanding

from .conftest import Shop

ORDERS, KV, REFUND = "tool:commerce.orders.read", "kv:1KiB", "money:refund<=5.00 USD/turn"
LISTING = """
[config]
type = "object"
required = ["greeting"]
[config.properties.greeting]
type = "string"
[listing]
category = "orders"
tagline = "Greets."
support = "mailto:help@acme.example"
screenshots = ["shot.png"]
changelog = "CHANGELOG.md"
"""
TONED = LISTING.replace('["greeting"]', '["greeting", "tone"]').replace(
    "[listing]", '[config.properties.tone]\nenum = ["warm", "cool"]\n[listing]', 1
)
PNG = bytes.fromhex(  # one grey dot
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)


@pytest.fixture
async def shop(dsn: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """A gateway of a process without sandboxes: releases are installed untried."""
    settings = Settings(data_dir=tmp_path, nats_prefix=f"t{secrets.token_hex(6)}")
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, settings, Addresses(dsn, nats_url))
        mind, market = open_understanding(ground), open_market(ground)
        gateway = await open_gateway(stack, ground, mind, market)
        listener = listen("127.0.0.1", 0)
        made = Shop(ground, gateway, listener.getsockname()[1])
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
        await made.furnish()
        yield made
        await made.http.aclose()
        stop.set()
        await serving
        await ground.bus.drop_streams()


async def publish(
    shop: Shop, version: str, *asks: str, optional: tuple[str, ...] = (), more: str = LISTING
) -> None:
    said = manifest("acme/hello", version, asks, optional, more)
    code = hpx.unpack(artifact()).files["hello.py"]
    files = {"plugin.toml": said.encode(), "hello.py": code, "shot.png": PNG,
             "CHANGELOG.md": f"# {version}\nGreets louder.".encode()}  # fmt: skip
    made, publisher, registry = hpx.pack(files), Publisher(), shop.gateway.registry
    if version == "1.0.0":
        await registry.create_namespace("acme", publisher.public)
    await registry.publish(made, publisher.sign(made))
    await shop.gateway.catalogue.follow()


async def hp(shop: Shop, *words: str, key: str = "") -> Result:
    """The command, in a thread of its own as a process would be."""
    env = {"HP_URL": shop.url, "HP_KEY": key or shop.member_key}
    return await asyncio.to_thread(CliRunner().invoke, command, list(words), env=env)


async def told(shop: Shop, *words: str) -> Any:
    done = await hp(shop, *words, "--json")
    assert done.exit_code == 0, done.output
    return msgspec.json.decode(done.output)


async def ask(shop: Shop, method: str, path: str, body: Any = None, key: str = "") -> Any:
    return await shop.http.request(method, f"/v1/market{path}", json=body, headers=shop.staff(key))


async def install(shop: Shop, *more: str) -> Any:
    return await told(shop, "install", "acme/hello", "--yes", "--set", "greeting=Hi", *more)


async def test_that_a_plugin_is_read_with_all_that_speaks_for_it(shop: Shop) -> None:
    await publish(shop, "1.0.0", ORDERS)
    page = (await ask(shop, "GET", "/plugins/acme/hello", key=shop.viewer_key)).json()
    assert page["changelog"].startswith("# 1.0.0")
    assert page["data"]["leaves"] is False
    assert {line["name"] for line in page["scorecard"]} >= {"checks", "reviews", "age", "code"}
    shot = await ask(shop, "GET", "/plugins/acme/hello/screenshots/0")
    assert (shot.content, shot.headers["content-type"]) == (PNG, "image/png")
    assert "sandbox" in shot.headers["content-security-policy"]
    assert (await ask(shop, "GET", "/plugins/acme/hello/screenshots/1")).status_code == 404
    publisher = (await ask(shop, "GET", "/publishers/acme")).json()
    assert [one["id"] for one in publisher["items"]] == ["acme/hello"]
    assert (await ask(shop, "GET", "/publishers/bolt")).status_code == 404
    assert "acme/hello" in (await hp(shop, "search", "greets")).output
    assert "mailto:help@acme.example" in (await hp(shop, "show", "acme/hello")).output


async def test_that_a_publisher_is_here_since_its_first_release_whatever_its_number(
    shop: Shop,
) -> None:
    for version in ("1.0.0", "0.9.0"):
        await publish(shop, version)
    versions = (await ask(shop, "GET", "/plugins/acme/hello")).json()["versions"]
    first = {one["version"]: one["published_at"] for one in versions}["1.0.0"]
    assert (await ask(shop, "GET", "/publishers/acme")).json()["first_seen"] == first


async def test_that_only_what_is_given_is_granted_and_the_terminal_says_so(shop: Shop) -> None:
    await publish(shop, "1.0.0", ORDERS, optional=(KV, REFUND))
    alone = await hp(shop, "install", "acme/hello", "--set", "greeting=Hi")
    assert alone.exit_code == 2
    assert "--yes" in alone.output
    assert "Read orders" in alone.output
    without = await hp(shop, "install", "acme/hello", "--yes")
    assert without.exit_code == 1
    assert "greeting" in without.output
    done = await install(shop, "--grant", KV)
    assert [one["capability"] for one in done["grants"]] == [KV, ORDERS]
    assert [one["capability"] for one in done["refused"]] == [REFUND]
    assert done["waiting"] == []
    more = await hp(
        shop, "install", "acme/hello", "--yes", "--grant", "http:GET https://x.example/*"
    )
    assert more.exit_code == 1


async def test_that_wider_rights_wait_through_update_and_come_with_consent(shop: Shop) -> None:
    await publish(shop, "1.0.0", ORDERS)
    await install(shop)
    await publish(shop, "1.1.0", ORDERS, REFUND)
    (before,) = (await told(shop, "installed"))["items"]
    assert before["newer"]["version"] == "1.1.0"
    assert [one["capability"] for one in before["newer"]["gains"]] == [REFUND]
    updated = await told(shop, "update", "acme/hello")
    assert [one["capability"] for one in updated["grants"]] == [ORDERS]
    assert [one["capability"] for one in updated["waiting"]] == [REFUND]
    (after,) = (await told(shop, "installed"))["items"]
    assert [one["capability"] for one in after["waiting"]] == [REFUND]
    given = await told(shop, "consent", "acme/hello", "--yes")
    assert [one["capability"] for one in given["grants"]] == [REFUND, ORDERS]
    back = await told(shop, "rollback", "acme/hello")
    assert (back["version"], [one["capability"] for one in back["grants"]]) == ("1.0.0", [ORDERS])
    await told(shop, "policy", "acme/hello", "pin")
    pinned = await hp(shop, "update", "acme/hello")
    assert pinned.exit_code == 1
    assert "unpin" in pinned.output


async def test_that_unused_grants_are_offered_and_taken_away(shop: Shop) -> None:
    await publish(shop, "1.0.0", ORDERS, optional=(KV,))
    await install(shop, "--grant", KV)
    used = await told(shop, "grants", "acme/hello")
    assert [one["capability"] for one in used["unused"]] == [KV]
    assert {one["capability"]: one["calls"] for one in used["grants"]} == {KV: 0, ORDERS: 0}
    left = await told(shop, "grants", "acme/hello", "--remove-unused")
    assert [one["capability"] for one in left["grants"]] == [ORDERS]
    assert (await hp(shop, "grants", "acme/hello", "--remove", "kv:1MiB")).exit_code == 2


async def test_that_removal_says_what_went_and_gives_the_data_out(
    shop: Shop, tmp_path: Path
) -> None:
    await publish(shop, "1.0.0", ORDERS)
    await install(shop)
    assert (await hp(shop, "uninstall", "acme/hello")).exit_code == 2
    out = tmp_path / "data.json"
    left = await told(shop, "uninstall", "acme/hello", "--export-data", str(out))
    assert left["config_fields"] == ["greeting"]
    assert msgspec.json.decode(out.read_bytes())["config"] == {"greeting": "Hi"}
    gone = await hp(shop, "uninstall", "acme/hello", "--delete-data")
    assert gone.exit_code == 1
    assert "not installed" in gone.output


async def test_that_a_shop_rates_what_it_uses_and_nothing_else(shop: Shop, tmp_path: Path) -> None:
    await publish(shop, "1.0.0", ORDERS)
    assert "not installed" in (await hp(shop, "rate", "acme/hello", "5")).output
    await install(shop)
    early = await hp(shop, "rate", "acme/hello", "5")
    assert early.exit_code == 1
    assert "20 calls" in early.output
    now, keys = shop.ground.clock.now(), ReceiptKeys(tmp_path / "receipt.keys")
    for day in range(3):
        at = now - timedelta(days=day)
        await use(shop.ground.db, keys, shop.tenant_id, "acme/hello", at, 7)
    await shop.gateway.uses.count_all()
    assert (await told(shop, "rate", "acme/hello", "4", "Helps."))["stars"] == 4
    read = (await ask(shop, "GET", "/plugins/acme/hello/ratings", key=shop.viewer_key)).json()
    assert [one["text"] for one in read["items"]] == ["Helps."]
    assert read["rated"]["mean"] == 4.0
    rating = read["items"][0]["id"]
    answer = f"/ratings/{rating}/answer"
    assert (await ask(shop, "POST", answer, {"text": "Thanks"})).status_code == 401
    await answered_and_hidden(shop, tmp_path, rating)
    await rank((shop.gateway.uses, shop.gateway.ratings), shop.gateway.catalogue, shop.ground.clock)
    assert (await told(shop, "search", "--stars", "4+"))["total"] == 0, "a hidden one counts not"
    assert "is gone" in (await hp(shop, "unrate", "acme/hello")).output
    assert "have not rated" in (await hp(shop, "unrate", "acme/hello")).output


async def answered_and_hidden(shop: Shop, folder: Path, rating: str) -> None:
    """The publisher answers once, an admin hides it, strangers do neither: each by command."""
    registry, publisher, admin = shop.gateway.registry, Publisher(), Publisher(7)
    await registry.people.add(admin.public, "Admin", "admin")
    files = {"publisher": publisher, "admin": admin, "stranger": Publisher(8)}
    for name, one in files.items():
        path = folder / f"{name}.key"
        path.write_bytes(one.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        path.chmod(0o600)

    async def run(command: Group, who: str, *words: str) -> str:
        line = [*words, "--key", str(folder / f"{who}.key"), "--registry", shop.url]
        done = await asyncio.to_thread(CliRunner().invoke, command, line)
        return f"{done.exit_code} {done.output}"

    assert "only the plugin's publisher" in await run(command, "stranger", "answer", rating, "Hm")
    assert (await run(command, "publisher", "answer", rating, "Thank you.")).startswith("0 ")
    assert "waits for an answer" in await run(command, "publisher", "answer", rating, "Again.")
    await rank((shop.gateway.uses, shop.gateway.ratings), shop.gateway.catalogue, shop.ground.clock)
    for words in (["search", "--stars", "4+"], ["search", "--sort", "stars"]):
        (card,) = (await told(shop, *words))["items"]
        assert (card["stars"], card["ratings"]) == (4.0, 1)
    assert "4.0 (1)" in (await hp(shop, "search", "greets")).output
    said = (await hp(shop, "ratings", "acme/hello")).output
    assert "its publisher: Thank you." in said
    assert rating in said
    hide = ("hide-rating", rating, "--reason", "It names a person.")
    assert "1 Error: only admins" in await run(review, "publisher", *hide)
    assert (await run(review, "admin", *hide)).startswith("0 ")
    assert "yours is hidden: It names a person." in (await hp(shop, "ratings", "acme/hello")).output


async def test_that_a_shop_says_by_command_under_which_names_it_publishes(shop: Shop) -> None:
    assert "none;" in (await hp(shop, "own-names")).output
    assert (await told(shop, "own-names", "acme", "bolt"))["namespaces"] == ["acme", "bolt"]
    assert (await told(shop, "own-names"))["namespaces"] == ["acme", "bolt"]
    assert (await hp(shop, "own-names", "acme", "--none")).exit_code == 2
    assert (await told(shop, "own-names", "--none"))["namespaces"] == []
    assert (await hp(shop, "own-names", "acme", key=shop.viewer_key)).exit_code == 1


async def test_that_a_way_back_is_told_only_where_there_is_one(shop: Shop) -> None:
    await publish(shop, "1.0.0", ORDERS)
    await install(shop)
    assert (await told(shop, "installed"))["items"][0]["before"] is None
    await publish(shop, "1.1.0", ORDERS)
    await told(shop, "update", "acme/hello")
    assert (await told(shop, "installed"))["items"][0]["before"] == "1.0.0"
    await told(shop, "rollback", "acme/hello")
    assert (await told(shop, "installed"))["items"][0]["before"] == "1.1.0"


async def test_that_a_release_that_is_set_up_otherwise_is_taken_with_what_it_wants(
    shop: Shop,
) -> None:
    await publish(shop, "1.0.0", ORDERS)
    await install(shop)
    await publish(shop, "1.1.0", ORDERS, more=TONED)
    refused = await hp(shop, "update", "acme/hello")
    assert refused.exit_code == 1
    assert "'tone' is a required property; give it: --set KEY=VALUE" in refused.output
    wrong = await hp(shop, "update", "acme/hello", "--set", "tone=loud")
    assert "'loud' is not one of" in wrong.output
    assert (await told(shop, "installed"))["items"][0]["version"] == "1.0.0"
    done = await told(shop, "update", "acme/hello", "--set", "tone=warm")
    assert done["version"] == "1.1.0"
    assert await told(shop, "configure", "acme/hello") == {"greeting": "Hi", "tone": "warm"}
    assert await told(shop, "configure", "acme/hello", "--set", "tone=cool") == {
        "greeting": "Hi",
        "tone": "cool",
    }
    assert (await hp(shop, "configure", "acme/hello", "--set", "tone=loud")).exit_code == 1


async def test_that_a_plugin_is_named_whole_and_an_empty_search_says_what_to_try(
    shop: Shop,
) -> None:
    for name in ("acme", "acme/", "acme/hello/1"):
        done = await hp(shop, "show", name)
        assert done.exit_code == 2, name
        assert "publisher/name" in done.output
    assert "try other words" in (await hp(shop, "search", "zzzqqq", "--kind", "guard")).output
    assert "small letters" in (await hp(shop, "own-names", "A B")).output


CHANGES: list[tuple[str, str, Any]] = [
    ("POST", "/installed", {"plugin_id": "acme/hello", "version": "1.0.0", "grants": []}),
    ("POST", "/installed/acme/hello/update", {}),
    ("POST", "/installed/acme/hello/rollback", None),
    ("PUT", "/installed/acme/hello/grants", {"grants": []}),
    ("PUT", "/installed/acme/hello/config", {"config": {}}),
    ("PUT", "/installed/acme/hello/secrets", {"secrets": {}}),
    ("PUT", "/installed/acme/hello/policy", {"follow": "latest"}),
    ("PUT", "/installed/acme/hello/enabled", {"enabled": False}),
    ("DELETE", "/installed/acme/hello?data=delete", None),
    ("PUT", "/plugins/acme/hello/ratings/own", {"stars": 5}),
    ("PUT", "/own-namespaces", {"namespaces": []}),
]


async def test_that_who_only_reads_changes_nothing(shop: Shop) -> None:
    for method, path, body in CHANGES:
        assert (await ask(shop, method, path, body, shop.viewer_key)).status_code == 403, path
        stranger = await shop.http.request(method, f"/v1/market{path}", json=body)
        assert stranger.status_code == 401, path


async def test_that_no_server_is_told_how_to_get_one(tmp_path: Path) -> None:
    env = {"HP_DATA_DIR": str(tmp_path), "HP_URL": "", "HP_KEY": ""}
    done = await asyncio.to_thread(CliRunner().invoke, command, ["installed"], env=env)
    assert done.exit_code == 1
    assert "hp demo" in done.output
    env |= {"HP_URL": "http://127.0.0.1:9", "HP_KEY": "hpm_x"}
    away = await asyncio.to_thread(CliRunner().invoke, command, ["installed"], env=env)
    assert away.exit_code == 1
    assert "does not answer" in away.output
