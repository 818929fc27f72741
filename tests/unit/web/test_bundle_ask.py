"""What is granted when a merchant says yes at a terminal, or nobody is there to say it."""

from typing import Any

import click
import pytest
from hyperpersonal_web.cli.bundle_ask import consent


def asked(capability: str, *, optional: bool = False) -> dict[str, Any]:
    words = {"words": f"May {capability}", "why": "For a test."}
    return {"capability": capability, "optional": optional, **words}


PLAN = {
    "bundle": "acme/evenings@1.0.0",
    "steps": [
        {"kind": "install", "plugin_id": "acme/one", "title": "One", "permissions": [
            asked("money:refund<=100.00 USD/turn"), asked("kv:1MiB", optional=True)]},
        {"kind": "update", "plugin_id": "acme/two", "title": "Two", "permissions": [
            asked("knowledge:read")]},
        {"kind": "keep", "plugin_id": "acme/three", "title": "Three", "permissions": []},
    ],
}  # fmt: skip


def test_that_yes_gives_what_installs_need_and_nothing_more() -> None:
    assert consent(PLAN, [], yes=True) == {"acme/one": ["money:refund<=100.00 USD/turn"]}


def test_that_something_narrower_is_given_in_its_place_and_more_only_by_name() -> None:
    given = ["acme/one=money:refund<=5.00 USD/turn", "acme/one=kv:1MiB", "acme/two=knowledge:read"]
    assert consent(PLAN, given, yes=True) == {
        "acme/one": ["money:refund<=5.00 USD/turn", "kv:1MiB"], "acme/two": ["knowledge:read"],
    }  # fmt: skip


@pytest.mark.parametrize("given", ["kv:1MiB", "one=kv:1MiB", "acme/one"])
def test_that_a_grant_without_its_plugin_is_wrong_usage(given: str) -> None:
    with pytest.raises(click.UsageError, match="publisher/name=capability"):
        consent(PLAN, [given], yes=True)


def test_that_nobody_consents_where_nobody_is() -> None:
    with pytest.raises(click.UsageError, match="nobody is here"):
        consent(PLAN, [], yes=False)
