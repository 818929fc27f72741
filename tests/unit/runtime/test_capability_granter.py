"""Every effect needs its grant, and the refusal names it."""

import pytest
from hyperpersonal_runtime.capability_granter import CapabilityGranter, ToolPermit
from hyperpersonal_runtime.egress.addresses import is_public
from hyperpersonal_runtime.ports import CallScope
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind
from hyperpersonal_sdk.errors import CapabilityError

SCOPE = CallScope("tenant", "installation", "turn", "conversation", "contact")
MONEY = "money:refund<=100.00 USD/turn"


def granter(*grants: str, scope: CallScope = SCOPE) -> CapabilityGranter:
    return CapabilityGranter(grants, scope)


def test_that_a_reading_tool_needs_its_interface() -> None:
    assert granter("tool:commerce.orders.read").tool("commerce.orders.get") == ToolPermit(False)
    refused = granter("tool:commerce.products.read").tool("commerce.orders.get")
    assert refused == Failure(FailureKind.DENIED, "not granted: tool:commerce.orders.read")


def test_that_reading_does_not_allow_writing() -> None:
    refused = granter("tool:commerce.orders.read").tool("commerce.orders.set_address")
    assert isinstance(refused, Failure)
    assert "tool:commerce.orders.write" in refused.message


def test_that_moving_money_needs_a_money_grant_and_gets_its_ceiling() -> None:
    refused = granter("tool:commerce.returns.write").tool("commerce.returns.create")
    assert isinstance(refused, Failure)
    assert "money:refund" in refused.message
    permit = granter("tool:commerce.returns.write", MONEY).tool("commerce.returns.create")
    assert permit == ToolPermit(write=True, money_max={"USD": 10_000})
    assert isinstance(granter(MONEY).tool("commerce.returns.create"), Failure)


def test_that_a_tool_of_another_interface_needs_its_own_name() -> None:
    assert granter("tool:acme.stock.check.read").tool("acme.stock.check") == ToolPermit(False)
    assert granter("tool:acme.stock.check.write").tool("acme.stock.check") == ToolPermit(True)
    assert isinstance(granter("tool:acme.stock.read").tool("acme.stock.check"), Failure)


def test_that_memory_needs_a_grant_and_a_contact() -> None:
    allowed = granter("memory:contact.read")
    assert allowed.read_memory() is None
    assert isinstance(allowed.write_memory(), Failure)
    nobody = granter("memory:contact.read", scope=CallScope("tenant", "installation"))
    assert nobody.read_memory() == Failure(
        FailureKind.DENIED, "this call is on behalf of no contact"
    )


def test_that_knowledge_a_model_and_a_store_need_their_grants() -> None:
    nothing = granter()
    for refused in (nothing.search(), nothing.generate(), nothing.store()):
        assert isinstance(refused, Failure)
        assert refused.message.startswith("not granted: ")
    all_ = granter("knowledge:read", "model:generate<=20k tokens/turn", "kv:1MiB")
    assert (all_.search(), all_.generate(), all_.store()) == (None, 20_000, 1 << 20)


@pytest.mark.parametrize(
    ("method", "url", "allowed"),
    [
        ("GET", "https://api.shop.example/v1/orders", True),
        ("POST", "https://api.shop.example/v1/orders", False),
        ("GET", "http://api.shop.example/v1/orders", False),
        ("GET", "https://api.shop.example/v2/orders", False),
        ("GET", "https://api.shop.example/v1/../v2/orders", False),
        ("GET", "https://api.shop.example:8443/v1/orders", False),
        ("GET", "https://api.shop.example.evil.example/v1/orders", False),
        ("GET", "https://evil.example/https://api.shop.example/v1/", False),
        ("GET", "https://evil@api.shop.example/v1/orders", False),
    ],
)
def test_that_requests_go_where_the_grant_says(method: str, url: str, allowed: bool) -> None:
    refusal = granter("http:GET https://api.shop.example/v1/*").fetch(method, url)
    assert (refusal is None) is allowed


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "http://localhost:9/x",
        "http://10.0.0.7/x",
        "http://169.254.169.254/",
    ],
)
def test_that_a_wildcard_never_reaches_a_private_address(url: str) -> None:
    assert isinstance(granter("http:GET http://*:*/*").fetch("GET", url), Failure)


def test_that_a_literal_loopback_grant_reaches_it() -> None:
    grant = granter("http:GET http://127.0.0.1:9000/*")
    assert grant.fetch("GET", "http://127.0.0.1:9000/orders") is None
    assert isinstance(grant.fetch("GET", "http://127.0.0.1:9001/orders"), Failure)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "::1", "fe80::1", "::ffff:10.0.0.1", "224.0.0.1", "0.0.0.0"],
)
def test_that_private_addresses_are_known(address: str) -> None:
    assert not is_public(address)
    assert is_public("93.184.216.34")


def test_that_a_grant_that_is_none_is_our_own_bug() -> None:
    with pytest.raises(CapabilityError):
        granter("all:everything")
