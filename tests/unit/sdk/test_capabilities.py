import pytest
from hyperpersonal_sdk import capabilities
from hyperpersonal_sdk.capabilities import METHODS, Capability, CapabilitySet, Http, Money, parse
from hyperpersonal_sdk.errors import CapabilityError
from hyperpersonal_sdk.url_patterns import UrlPattern
from hypothesis import given
from hypothesis import strategies as st

names = st.sampled_from(["commerce.orders", "commerce.returns", "crm.notes"])
effects = st.sampled_from(["read", "write"])
urls = st.builds(
    UrlPattern,
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from(
        ["*", "*.shop.example", "api.shop.example", "127.0.0.1", "a.api.shop.example"]
    ),
    port=st.sampled_from([0, 80, 443, 8100]),
    path=st.sampled_from(["/", "/*", "/v1/*", "/v1/orders", "/v1/orders/*", "/v2"]),
)
methods = st.sets(st.sampled_from(METHODS), min_size=1).map(
    lambda chosen: tuple(method for method in METHODS if method in chosen)
)
rights: st.SearchStrategy[Capability] = st.one_of(
    st.builds(capabilities.Tool, names, effects),
    st.builds(capabilities.Memory, effects),
    st.just(capabilities.Knowledge()),
    st.builds(capabilities.Model, st.integers(1, capabilities.MODEL_TOKENS_MAX)),
    st.builds(capabilities.Kv, st.integers(1, capabilities.KV_BYTES_MAX)),
    st.builds(
        Money,
        st.sampled_from(["refund", "charge"]),
        st.integers(1, capabilities.MONEY_MINOR_MAX),
        st.sampled_from(["USD", "EUR", "JPY", "KWD"]),
    ),
    st.builds(Http, methods, urls),
)
sets = st.lists(rights, max_size=6).map(CapabilitySet)


@given(rights)
def test_that_a_right_survives_being_written_and_read(right: Capability) -> None:
    assert parse(right.text) == right


@given(sets)
def test_that_a_set_survives_being_written_and_read(rights: CapabilitySet) -> None:
    assert CapabilitySet.parse(rights.texts) == rights


@given(sets, sets, sets)
def test_that_covering_is_an_order(a: CapabilitySet, b: CapabilitySet, c: CapabilitySet) -> None:
    assert a.covers(a)
    if a.covers(b) and b.covers(a):
        assert a.texts == b.texts
    if a.covers(b) and b.covers(c):
        assert a.covers(c)


@given(sets, sets, sets)
def test_that_narrowing_never_widens(a: CapabilitySet, b: CapabilitySet, c: CapabilitySet) -> None:
    both = a.meet(b)
    assert a.covers(both)
    assert b.covers(both)
    if a.covers(c) and b.covers(c):
        assert both.covers(c), "the meet is the greatest common right"


@given(sets, sets, sets)
def test_that_joining_gives_the_least_that_has_both(
    a: CapabilitySet, b: CapabilitySet, c: CapabilitySet
) -> None:
    either = a.join(b)
    assert either.covers(a)
    assert either.covers(b)
    if c.covers(a) and c.covers(b):
        assert c.covers(either)


@given(sets, sets)
def test_that_meet_and_join_absorb_each_other(a: CapabilitySet, b: CapabilitySet) -> None:
    assert a.meet(a.join(b)) == a
    assert a.join(a.meet(b)) == a
    assert a.meet(b) == b.meet(a)


@given(sets, sets)
def test_that_what_is_beyond_is_exactly_what_is_not_covered(
    a: CapabilitySet, b: CapabilitySet
) -> None:
    assert bool(a.beyond(b).texts) is not b.covers(a)
    assert b.join(a.beyond(b)) == b.join(a)


@given(urls, urls, urls)
def test_that_the_common_urls_are_in_both_patterns(
    a: UrlPattern, b: UrlPattern, probe: UrlPattern
) -> None:
    both = a.meet(b)
    in_both = a.covers(probe) and b.covers(probe)
    assert (both is not None and both.covers(probe)) is in_both


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("model:generate<=20000 tokens/turn", "model:generate<=20k tokens/turn"),
        ("model:generate<=1500 tokens/turn", "model:generate<=1500 tokens/turn"),
        ("kv:1024KiB", "kv:1MiB"),
        ("kv:1500B", "kv:1500B"),
        ("money:refund<=100 USD/turn", "money:refund<=100.00 USD/turn"),
        ("money:charge<=100 JPY/turn", "money:charge<=100 JPY/turn"),
        ("http:GET|HEAD|POST|PUT|PATCH|DELETE https://a.example/*", "http:* https://a.example/*"),
        ("http:POST|GET https://A.Example:443/x", "http:GET|POST https://a.example/x"),
        ("http:* http://127.0.0.1:8100/*", "http:* http://127.0.0.1:8100/*"),
        ("http:GET https://*.example:*/*", "http:GET https://*.example:*/*"),
    ],
)
def test_that_there_is_one_way_to_write_a_right(text: str, canonical: str) -> None:
    assert parse(text).text == canonical


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it must start with one of"),
        ("modle:generate<=1 tokens/turn", "it must start with one of"),
        ("tool:orders.read", "'tool:commerce.orders.read'"),
        ("tool:commerce.orders.delete", "'tool:commerce.orders.read'"),
        ("tool:commerce.orders.read ", "'tool:commerce.orders.read'"),
        ("tool:commerce.*.read", "'tool:commerce.orders.read'"),
        ("memory:contact.read|write", "'memory:contact.read'"),
        ("knowledge:write", "'knowledge:read'"),
        ("model:generate", "'model:generate<=20k tokens/turn'"),
        ("model:generate<=0 tokens/turn", "between 1 and"),
        ("model:generate<=99999k tokens/turn", "between 1 and"),
        ("model:generate<=２0k tokens/turn", "'model:generate<=20k tokens/turn'"),
        ("kv:1MB", "'kv:1MiB'"),
        ("kv:2GiB", "between 1 and"),
        ("money:refund<=100.5 USD/turn", "'100.00 USD'"),
        ("money:refund<=1.00 JPY/turn", "0 decimal digits"),
        ("money:steal<=1.00 USD/turn", "'money:refund<=100.00 USD/turn'"),
        ("money:refund<=0.00 USD/turn", "between 1 and"),
        ("http:FETCH https://a.example/*", "'FETCH' is no method"),
        ("http:GET a.example/*", "write scheme, host and path"),
        ("http:GET https://a.example/x?y=1", "no query"),
        ("http:GET https://a.example/../x", "no '..'"),
        ("http:GET https://a.example/x*", "'*' only as the last part"),
        ("http:GET https://me@a.example/*", "write scheme, host and path"),
        ("http:GET https://exämple.de/*", "punycode"),
        ("http:GET https://a*.example/*", "subdomains"),
        ("http:GET https://a.example:0/*", "65535"),
        ("http:GET ftp://a.example/*", "write scheme, host and path"),
    ],
)
def test_that_a_wrong_text_is_refused_with_what_to_write(text: str, words: str) -> None:
    with pytest.raises(CapabilityError) as refused:
        parse(text)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("right", "method", "url", "allowed"),
    [
        ("http:GET https://a.example/v1/*", "GET", "https://a.example/v1/orders?id=1", True),
        ("http:GET https://a.example/v1/*", "GET", "https://A.EXAMPLE:443/v1/orders", True),
        ("http:GET https://a.example/v1/*", "POST", "https://a.example/v1/orders", False),
        ("http:GET https://a.example/v1/*", "get", "https://a.example/v1/orders", False),
        ("http:GET https://a.example/v1/*", "GET", "http://a.example/v1/orders", False),
        ("http:GET https://a.example/v1/*", "GET", "https://a.example/v1", False),
        ("http:GET https://a.example/v1/*", "GET", "https://a.example/v1/../admin", False),
        ("http:GET https://a.example/v1/*", "GET", "https://a.example/v1/%2e%2e/admin", False),
        ("http:GET https://a.example/v1/*", "GET", "https://a.example/v1/%2Fadmin", False),
        ("http:GET https://a.example/v1/*", "GET", "https://a.example/v1\\..\\admin", False),
        ("http:GET https://a.example/v1/*", "GET", "https://a.example@evil.example/v1/x", False),
        ("http:GET https://a.example/v1/*", "GET", "https://a.example.evil.example/v1/x", False),
        ("http:GET https://a.example/v1/*", "GET", "https://a.example/v1/x#y", False),
        ("http:GET https://a.example/v1/*", "GET", "https://a.example/v1/x\n", False),
        ("http:GET https://*.a.example/*", "GET", "https://b.a.example/", True),
        ("http:GET https://*.a.example/*", "GET", "https://a.example/", False),
        ("http:GET https://*.a.example/*", "GET", "https://evila.example/", False),
        ("http:GET https://*.a.example/*", "GET", "https://*.a.example/", False),
        ("http:* http://127.0.0.1:8100/*", "DELETE", "http://127.0.0.1:8100/x", True),
        ("http:* http://127.0.0.1:8100/*", "GET", "http://127.0.0.1:8101/x", False),
        ("http:* http://127.0.0.1:*/*", "GET", "http://127.0.0.1:8101/x", True),
    ],
)
def test_that_a_request_is_within_the_right_or_not(
    right: str, method: str, url: str, allowed: bool
) -> None:
    granted = parse(right)
    assert isinstance(granted, Http)
    assert granted.allows(method, url) is allowed


def test_that_grants_may_be_less_than_asked_and_never_more() -> None:
    asked = ["model:generate<=20k tokens/turn", "http:* https://*.example/*"]
    assert capabilities.subset(["model:generate<=5k tokens/turn"], asked)
    assert capabilities.subset(["http:GET https://a.example/v1/*"], asked)
    assert not capabilities.subset(["model:generate<=21k tokens/turn"], asked)
    assert not capabilities.subset(["knowledge:read"], asked)
