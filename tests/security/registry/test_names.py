"""Names a hurried eye takes for another are refused."""

import pytest
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.kit.errors import ConflictError, RefusedError
from hyperpersonal_registry.api import PublishRefusedError, Registry

NOT_ASCII = ["\u0430cme", "acm\u00e9", "ac\u200bme", "\uff41cme", "ACME", "acme\u2024"]


LOOK_LIKE_ACME = ["acrne", "ac-me", "ac_me", "a-c-m-e", "acme"]
LOOK_LIKE_US = ["hyperpersonal-team", "hyper-personal", "hyperpersona1", "my-hyperpersonal"]


async def test_that_a_namespace_that_looks_like_another_is_refused(registry: Registry) -> None:
    for name in LOOK_LIKE_ACME:
        with pytest.raises(ConflictError):
            await registry.create_namespace(name, Publisher(2).public)


async def test_that_only_plain_letters_make_a_name(registry: Registry) -> None:
    for name in NOT_ASCII:
        with pytest.raises(RefusedError):
            await registry.create_namespace(name, Publisher(2).public)


async def test_that_nobody_speaks_in_the_platforms_name(registry: Registry) -> None:
    for name in LOOK_LIKE_US:
        with pytest.raises(ConflictError, match="this platform"):
            await registry.create_namespace(name, Publisher(2).public)


async def test_that_the_platform_itself_may(registry: Registry) -> None:
    await registry.create_namespace("hyperpersonal", Publisher(2).public)


async def test_that_different_names_are_no_trouble(registry: Registry) -> None:
    for number, name in enumerate(("apex", "acmena", "orders", "order"), 10):
        await registry.create_namespace(name, Publisher(number).public)


async def test_that_a_publishers_plugins_differ_by_more_than_separators(
    registry: Registry,
) -> None:
    publisher = Publisher(1)
    first = artifact(manifest("acme/order-agent"))
    await registry.publish(first, publisher.sign(first))
    for name in ("acme/order_agent", "acme/orderagent"):
        packed = artifact(manifest(name))
        with pytest.raises(PublishRefusedError) as refused:
            await registry.publish(packed, publisher.sign(packed))
        assert refused.value.reason == "look_alike"
    newer = artifact(manifest("acme/order-agent", "1.1.0"))
    await registry.publish(newer, publisher.sign(newer))
