"""The difference of two releases' permissions is the order of their sets."""

import pytest
from fakes.publishing import manifest
from hyperpersonal_sdk import permission_change
from hyperpersonal_sdk.manifest import Manifest, read
from hypothesis import given, settings
from hypothesis import strategies as st

RIGHTS = ["knowledge:read", "kv:1MiB", "kv:2MiB", "http:GET https://a.example/*",
          "http:GET https://*.a.example/*", "tool:commerce.orders.read", "memory:contact.read",
          "model:generate<=1k tokens/turn", "money:refund<=1.00 USD/turn",
          "money:refund<=2.00 USD/turn"]  # fmt: skip
ASKS = st.sets(st.sampled_from(RIGHTS)).map(lambda rights: tuple(sorted(rights)))


def asking(*asks: str, optional: tuple[str, ...] = ()) -> Manifest:
    return read(manifest(asks=asks, optional=optional))


@pytest.mark.parametrize(
    ("old", "new", "kind", "data"),
    [
        (("kv:1MiB",), ("kv:1MiB",), "equal", ()),
        (("kv:2MiB", "knowledge:read"), ("kv:1MiB",), "narrower", ()),
        (("kv:1MiB",), ("kv:2MiB",), "wider", ()),
        (("kv:1MiB",), ("http:GET https://a.example/*",), "wider", ()),
        (("kv:1MiB",), ("kv:1MiB", "memory:contact.read"), "new_data", ("facts",)),
        ((), ("money:refund<=1.00 USD/turn", "tool:a.b.read"), "new_data", ("money", "unknown")),
    ],
)
def test_a_change_is_named_by_its_weight(
    old: tuple[str, ...], new: tuple[str, ...], kind: str, data: tuple[str, ...]
) -> None:
    found = permission_change.compare(asking(*old), asking(*new))
    assert (found.kind, found.data) == (kind, data)
    assert found.grows == (kind in {"wider", "new_data"})
    assert found.words


def test_a_first_release_gains_all_it_asks() -> None:
    found = permission_change.compare(None, asking("kv:1MiB"))
    assert (found.kind, found.gained, found.lost) == ("first", ("kv:1MiB",), ())
    assert found.data == ("conversations",)


def test_a_right_that_becomes_required_is_told() -> None:
    found = permission_change.compare(asking(optional=("kv:1MiB",)), asking("kv:1MiB"))
    assert (found.kind, found.now_required) == ("equal", ("kv:1MiB",))


@settings(max_examples=200, deadline=None)
@given(ASKS, ASKS)
def test_the_kind_is_the_order_of_the_sets(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    old, new = asking(*one), asking(*two)
    found = permission_change.compare(old, new)
    assert found.grows == (not old.asked.covers(new.asked))
    assert bool(found.lost) == (not new.asked.covers(old.asked))
    assert (found.kind == "equal") == (old.asked == new.asked)
    back = permission_change.compare(new, old)
    assert (back.gained, back.lost) == (found.lost, found.gained)
