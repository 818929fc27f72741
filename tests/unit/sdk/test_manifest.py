from pathlib import Path

import hyperpersonal_sdk
import msgspec
import pytest
from hyperpersonal_runtime.api import Limits, limits_of
from hyperpersonal_sdk import manifest
from hyperpersonal_sdk.errors import ManifestError
from hyperpersonal_sdk.manifest import LimitsAsk, Manifest
from hyperpersonal_sdk.manifest_checks import GUEST_MOST
from hyperpersonal_sdk.schema.__main__ import FILE, rendered

TEMPLATE = Path(hyperpersonal_sdk.__file__).parent / "templates" / "agent" / "plugin.toml"
SOURCE = TEMPLATE.read_text()


def test_that_the_template_is_a_right_manifest() -> None:
    parsed = manifest.parse(SOURCE)
    assert (parsed.id, parsed.namespace, parsed.kind) == ("acme/order_status", "acme", "agent")
    assert parsed.asked.texts == ("tool:commerce.orders.read",)
    assert parsed.agent is not None
    assert parsed.agent.intents[0].label == "order"
    assert manifest.read(SOURCE) == parsed


def test_that_a_manifest_survives_being_stored_as_json() -> None:
    parsed = manifest.parse(SOURCE)
    assert msgspec.json.decode(msgspec.json.encode(parsed), type=Manifest) == parsed


def test_that_optional_capabilities_are_asked_but_not_required() -> None:
    block = '[[capabilities]]\nask = "knowledge:read"\nwhy = "Quotes."\noptional = true\n'
    parsed = manifest.parse(SOURCE + block)
    assert parsed.required.texts == ("tool:commerce.orders.read",)
    assert parsed.asked.texts == ("knowledge:read", "tool:commerce.orders.read")


def test_that_the_published_schema_is_the_one_of_the_types() -> None:
    assert FILE.read_text() == rendered(), "run: python -m hyperpersonal_sdk.schema"


def test_that_a_manifest_may_ask_for_at_most_the_platforms_limits() -> None:
    defs = manifest.schema()["$defs"]["LimitsAsk"]["properties"]
    assert set(defs) == set(LimitsAsk.__struct_fields__) <= set(Limits.__struct_fields__)
    most = {name: rule["maximum"] for name, rule in defs.items()}
    assert most | GUEST_MOST == {name: getattr(Limits(), name) for name in defs}
    assert all(getattr(limits_of("process"), name) <= most[name] for name in defs)


FAULTS = [
    ('version = "0.1.0"', 'version = "1.0"', "line 4, version: '1.0' will not do"),
    ('version = "0.1.0"', 'version = "1.0.0+b"', 'Write it like: version = "0.1.0"'),
    ('version = "0.1.0"', 'version = "0.1.0\\n"', "line 4, version"),
    ("acme/order_status", "Acme/order", 'Write it like: id = "acme/order_status"'),
    ("acme/order_status", "acm\u0435/order", "line 3, id"),  # Cyrillic е
    ("acme/order_status", "acme/a/b", "line 3, id"),
    ('kind = "agent"', 'kind = "agnt"', "line 5, kind: 'agnt' is not one of"),
    ('kind = "agent"', 'kind = "guard"', "only a plugin of kind 'agent' has a [agent] table"),
    ('kind = "agent"', 'kind = "connector"', "needs a [connector] table"),
    ('kind = "agent"', 'knid = "agent"', "there is no such key; did you mean 'kind'?"),
    ('kind = "agent"', 'knid = "agent"', "'kind' is missing. What it does."),
    ('title = "Order status"', 'title = ""', "line 6, title"),
    ('title = "Order status"', 'title = "Order\u202estatus"', "invisible character U+202E"),
    ('title = "Order status"', 'title = "Cafe\u0301"', "composed form"),
    ('"order_status"', '"order\\nstatus"', "line 36, agent.intents[0].name"),
    ('hooks = ["reply"]', 'hooks = ["reply", "sync"]', "'sync' is no hook of kind 'agent'"),
    ('hooks = ["reply"]', 'hooks = ["reply", "reply"]', "'reply' is there twice"),
    ('hooks = ["reply"]', 'hooks = ["install"]', "must serve reply"),
    ('hooks = ["reply"]', "hooks = []", "line 10, hooks"),
    ('entry = "hyper', 'entry = "../hyper', "line 9, entry"),
    ('kind = "python"', 'kind = "perl"', "line 13, runtime.kind"),
    ('orders.read"', 'orders.reed"', "line 20, capabilities[0].ask: 'tool:commerce.orders.reed'"),
    ('"tool:commerce.orders.read"', '"kv:1024KiB"', "canonical form: 'kv:1MiB'"),
    ('why = "Looks', 'wy = "Looks', "did you mean 'why'?"),
    ("host_calls = 20", "host_calls = 201", "line 26, limits.host_calls: is at most 200 for kind"),
    ("host_calls = 20", "host_calls = 2001", "line 26, limits.host_calls: 2001 is greater"),
    ('kind = "python"', 'kind = "python"\npythons = ["3.11"]', "line 14, runtime.pythons: is only"),
    ('kind = "python"', 'kind = "process"\npythons = ["3"]', "runtime.pythons[0]: '3' will not do"),
    ('kind = "python"', 'kind = "process"\nmachines = ["pdp11"]', "runtime.machines[0]: 'pdp11'"),
    ("host_calls = 20", "host_calls = 0", "line 26, limits.host_calls: 0 is less"),
    ("host_calls = 20", 'host_calls = "20"', "'20' is not of type 'integer'"),
    ('label = "order"', 'label = "return"', "'return' is not among the agent's labels"),
    ("examples = [", "examples = [7, ", "agent.intents[0].examples[0]: 7 is not of type"),
    ("[runtime]", "[runtime", "is not TOML"),
]


@pytest.mark.parametrize(("right", "wrong", "words"), FAULTS)
def test_that_a_fault_is_named_with_its_place_and_the_cure(
    right: str, wrong: str, words: str
) -> None:
    assert right in SOURCE
    with pytest.raises(ManifestError) as refused:
        manifest.parse(SOURCE.replace(right, wrong, 1))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('[config]\ntype = "objekt"\n', "is no JSON Schema"),
        ('[config]\ntype = "string"\n', 'write type = "object"'),
        ('[config]\ntype = "object"\n"$ref" = "https://evil.example/x"\n', "its own definitions"),
        ('[config]\ntype = "object"\n[config.properties.a]\npattern = "(a+)+$"\n', "use enum"),
    ],
)
def test_that_the_config_must_be_a_closed_schema_of_an_object(config: str, words: str) -> None:
    with pytest.raises(ManifestError) as refused:
        manifest.parse(SOURCE + config)
    assert words in str(refused.value)


def test_that_a_setting_may_be_called_pattern() -> None:
    config = '[config]\ntype = "object"\n[config.properties.pattern]\ntype = "string"\n'
    assert manifest.parse(SOURCE + config).config["properties"] == {"pattern": {"type": "string"}}


def test_that_all_faults_are_told_at_once() -> None:
    with pytest.raises(ManifestError) as refused:
        manifest.parse('id = "x"\ncolour = "blue"\n')
    missing = {"version", "kind", "title", "description", "licence", "entry", "hooks"}
    assert all(any(repr(name) in line for line in refused.value.problems) for name in missing)
    assert any("colour" in line for line in refused.value.problems)


def test_that_a_capability_cannot_be_asked_twice() -> None:
    block = '[[capabilities]]\nask = "tool:commerce.orders.read"\nwhy = "Again."\n'
    with pytest.raises(ManifestError, match="asked twice"):
        manifest.parse(SOURCE + block)


def test_that_an_oversize_manifest_is_refused() -> None:
    with pytest.raises(ManifestError, match="more than 65536 bytes"):
        manifest.parse("#" * 70_000)


def test_that_reading_at_load_still_holds_the_shape() -> None:
    with pytest.raises(ManifestError):
        manifest.read('id = "acme/x"')
