"""Starting, keeping its word, and keeping to its limits, in the real sandbox."""

from pathlib import Path
from typing import Any

import pytest
from hyperpersonal_registry.checks import boots, look_alike, own_tests, resources
from hyperpersonal_runtime.api import HookCall, Trace
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.contract.outcomes import Outcome

from .small_mail import artifact, manifest, release

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one sandbox for all

LOOP = ('    if "#W1" not in turn.text:\n', "    while True:\n        pass\n    if True:\n")
TEMPLATE = Path(__file__).parents[4] / "sdk" / "hyperpersonal_sdk" / "templates" / "agent"


async def test_that_a_release_that_starts_passes(examined: Any) -> None:
    assert (await boots.check(examined(release()))).verdict == "PASS"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"import nonsense\n\nplugin = 1\n", "No module named 'nonsense'"),
        (b"plugin = 1 / 0\n", "division by zero"),
        (b"from hyperpersonal_sdk import Agent\n\nplugin = Agent()\n", "the hook reply"),
        (b"plugin = []\nwhile True:\n    pass\n", "does not start"),
        (b"x = 1\n", "correct entry first"),
    ],
)
async def test_that_one_that_does_not_start_fails(source: bytes, words: str, examined: Any) -> None:
    given = artifact({"plugin.toml": manifest("1.0.0").encode(), "mailer.py": source})
    found = await boots.check(examined(given))
    assert found.verdict == "FAIL"
    assert words in found.reason


async def test_that_what_this_machine_would_not_run_did_not_pass(examined: Any) -> None:
    """Where no wall holds, every plugin is refused: that says nothing of the plugin."""
    examination = examined(release())
    refused = Trace("", "", "reply", Outcome.REFUSED, detail="no wall of this machine holds")

    class Refusing:
        async def prepare(self, _call: HookCall) -> str:
            return ""

        async def run(self, *_: Any) -> Trace:
            return refused

    examination.stage = Refusing()
    with pytest.raises(boots.NotRunError, match="no wall"):
        await boots.check(examination)


def template(**changes: bytes) -> bytes:
    files = hpx.collect(TEMPLATE)
    assert any(hpx.is_fixture(path) for path in files), "recorded calls are signed"
    return hpx.pack({**files, "CHANGELOG.md": b"# Changelog\n", **changes})


async def test_that_recorded_calls_are_replayed(examined: Any) -> None:
    found = await own_tests.check(examined(template()))
    assert found.verdict == "PASS", found
    assert "recorded calls replayed" in found.detail[0]


async def test_that_a_release_must_keep_to_its_recorded_calls(examined: Any) -> None:
    entry = "hyperpersonal_plugin_order_status/__init__.py"
    source = (TEMPLATE / entry).read_bytes()
    other = source.replace(b"commerce.orders.get", b"commerce.orders.find")
    assert other != source
    found = await own_tests.check(examined(template(**{entry: other})))
    assert found.verdict == "FAIL"
    assert "tests/fixtures/" in found.reason


async def test_that_a_fixture_that_is_none_fails(examined: Any) -> None:
    broken = template(**{"tests/fixtures/x.json": b"{"})
    assert (await own_tests.check(examined(broken))).verdict == "FAIL"


async def test_that_one_without_recorded_calls_is_told(examined: Any) -> None:
    found = await own_tests.check(examined(release()))
    assert found.verdict == "PASS"
    assert "brings no recorded calls" in found.detail[0]


async def test_that_what_keeps_to_its_limits_passes(examined: Any) -> None:
    found = await resources.check(examined(release()))
    assert found.verdict == "PASS"
    assert found == await resources.check(examined(release())), "the same report each time"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (LOOP, "reply ends timed_out"),
        (('if "#W1" not', 'x = bytearray(200 << 20)\n    if "#W1" not'), "reply ends"),
        (('if "#W1" not', 'for n in range(500):\n        host.now()\n    if "#W1" not'), "reply"),
    ],
)
async def test_that_a_bomb_fails(change: tuple[str, str], words: str, examined: Any) -> None:
    found = await resources.check(examined(release("1.0.1", change)))
    assert found.verdict == "FAIL", found
    assert words in found.reason


async def test_that_much_more_than_before_fails(examined: Any) -> None:
    more = ('if "#W1" not', 'for n in range(60):\n        host.now()\n    if "#W1" not')
    found = await resources.check(examined(release("1.0.1", more), release()))
    assert found.verdict == "FAIL"
    assert "host calls, before" in found.reason


OTHERS = ("paypal/checkout", "shopify/orders", "bluewhale/order_tracking", "acme_tools/mailer")


@pytest.mark.parametrize(
    ("plugin_id", "words"),
    [
        ("paypall/checkout", "looks like paypal"),
        ("paypa1/other", "looks like paypal"),
        ("shopify-official/orders", "looks like shopify"),
        ("sh0pify/x", "looks like shopify"),
        ("blue-whale/x", "looks like bluewhale"),
        ("bob/shopify_sync", "names shopify"),
        ("bob/order_trackng", "looks like bluewhale/order_tracking"),
        ("bob/hyperpersonal_orders", "speaks in the name of this platform"),
    ],
)
async def test_that_a_name_for_another_fails(plugin_id: str, words: str, examined: Any) -> None:
    found = await look_alike.check(examined(named(plugin_id), others=OTHERS))
    assert found.verdict == "FAIL"
    assert words in found.reason


@pytest.mark.parametrize(
    "plugin_id",
    ["paypal/refunds", "bob/checkout", "bob/order_tracking", "bob/returns", "carla/mailers",
     "payday/loans_never", "delta/size_table"],
)  # fmt: skip
async def test_that_names_of_one_s_own_pass(plugin_id: str, examined: Any) -> None:
    found = await look_alike.check(examined(named(plugin_id), others=OTHERS))
    assert found.verdict == "PASS", found


def named(plugin_id: str) -> bytes:
    said = manifest("1.0.0").replace("acme/mailer", plugin_id)
    return artifact({"plugin.toml": said.encode(), "mailer.py": b"plugin = 1\n"})
