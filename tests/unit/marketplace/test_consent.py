"""Whatever is asked, given and released: nobody gains a right without consent."""

import os
from typing import Any

import pytest
from fakes.publishing import manifest
from hyperpersonal_marketplace.api import InstallRefusedError
from hyperpersonal_marketplace.consent import check_config, check_secrets, checked_grants
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.manifest import read
from hypothesis import given, settings
from hypothesis import strategies as st

UPGRADES = int(os.environ.get("HP_TEST_UPGRADES", "200"))
TEXTS = [
    "knowledge:read", "memory:contact.read", "memory:contact.write", "tool:commerce.orders.read",
    "tool:commerce.orders.write", "kv:1KiB", "kv:1MiB", "model:generate<=1k tokens/turn",
    "model:generate<=20k tokens/turn", "money:refund<=5.00 USD/turn",
    "money:refund<=50.00 USD/turn",
    "money:refund<=50.00 EUR/turn", "http:GET https://a.example/*", "http:* https://a.example/*",
    "http:GET https://a.example/v1/*", "http:* https://*.example/*",
]  # fmt: skip
asks = st.lists(st.sampled_from(TEXTS), unique=True, max_size=5).map(tuple)


@given(asks, asks, asks)
@settings(max_examples=UPGRADES)
def test_that_grants_lie_within_what_was_asked(
    required: tuple[str, ...], optional: tuple[str, ...], grants: tuple[str, ...]
) -> None:
    declared = read(manifest(asks=required, optional=optional))
    try:
        given_set = CapabilitySet.parse(checked_grants(declared, grants))
    except InstallRefusedError:
        return
    assert declared.asked.covers(given_set)
    assert given_set == CapabilitySet.parse(grants)


@given(asks, st.lists(asks, min_size=1, max_size=4))
@settings(max_examples=UPGRADES)
def test_that_no_chain_of_releases_widens_what_was_granted(
    granted: tuple[str, ...], releases: list[tuple[str, ...]]
) -> None:
    consented = kept = CapabilitySet.parse(granted)
    for asked in releases:
        kept = kept.meet(read(manifest(asks=asked)).asked)
        assert consented.covers(kept)


CONFIG = """
[config]
type = "object"
required = ["greeting"]
additionalProperties = false
[config.properties.greeting]
type = "string"
maxLength = 20
"""
ENDLESS = '[config]\ntype = "object"\n"$ref" = "#"\n'


@pytest.mark.parametrize(
    ("schema", "config", "words"),
    [
        (CONFIG, {}, "'greeting' is a required property"),
        (CONFIG, {"greeting": 7}, "greeting: 7 is not of type 'string'"),
        (CONFIG, {"greeting": "x" * 21}, "greeting: "),
        (CONFIG, {"greeting": "hi", "colour": 1}, "'colour' was unexpected"),
        (CONFIG, {"greeting": "x" * 70_000}, "more than 65536 bytes"),
        (CONFIG, {"greeting": "nul\0"}, "U+0000"),
        ("", {"greeting": "hi"}, "nothing to configure"),
        (ENDLESS, {}, "has no end"),
    ],
)
def test_that_the_config_is_of_the_manifests_schema(
    schema: str, config: dict[str, Any], words: str
) -> None:
    with pytest.raises(InstallRefusedError) as refused:
        check_config(read(manifest(more=schema)), config)
    assert refused.value.reason == "bad_config"
    assert words in str(refused.value)


SECRETS = """
[[secrets]]
header = "Authorization"
why = "The shop's key."
"""
ASKED, GRANTED = "http:* https://*.shop.example/v1/*", "http:GET https://a.shop.example/v1/*"


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        ({}, "Authorization is missing: The shop's key."),
        ({"https://evil.example": {"Authorization": "x"}}, "nothing granted ever goes to"),
        ({"https://b.shop.example": {"Authorization": "x"}}, "nothing granted ever goes to"),
        ({"shop": {"Authorization": "x"}}, "is no address"),
        ({"https://a.shop.example": {"X-Other": "x"}}, "names no header"),
        ({"https://a.shop.example": {"Authorization": "a\r\nHost: evil"}}, "no header's value"),
    ],
)
def test_that_secrets_go_only_where_granted(secrets: dict[str, dict[str, str]], words: str) -> None:
    with pytest.raises(InstallRefusedError) as refused:
        check_secrets(read(manifest(asks=(ASKED,), more=SECRETS)), [GRANTED], secrets)
    assert refused.value.reason == "bad_secret"
    assert words in str(refused.value)
    assert "evil\r" not in str(refused.value)


def test_that_a_right_secret_is_taken() -> None:
    declared = read(manifest(asks=(ASKED,), more=SECRETS))
    for prefix in ("https://a.shop.example", "https://a.shop.example/v1/"):
        check_secrets(declared, [GRANTED], {prefix: {"authorization": "Bearer x"}})
