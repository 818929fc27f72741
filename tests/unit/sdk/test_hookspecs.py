import inspect

import pytest
from hyperpersonal_sdk import Agent, Connector, hookspecs

PAGES = [page for name, page in vars(hookspecs).items() if name.endswith("Hooks")]


@pytest.mark.parametrize("page", PAGES)
def test_that_every_hook_is_told_in_one_typed_sentence(page: type) -> None:
    for name in hookspecs.HOOKS & set(vars(page)):
        function = getattr(page, name)
        assert inspect.getdoc(function).endswith("."), name
        assert "\n" not in inspect.getdoc(function), name
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty, name
        assert len(signature.parameters) == 2, "self and the payload"


def test_that_the_page_has_every_hook_of_the_design() -> None:
    assert {
        "reply", "route", "call_tool", "handle_webhook", "sync", "parse_inbound", "deliver",
        "generate", "review_reply", "install", "configure", "uninstall", "erase_contact",
    } == hookspecs.HOOKS  # fmt: skip


def test_that_every_hook_the_authoring_objects_bind_is_on_the_page() -> None:
    agent, connector = Agent(), Connector()
    agent.reply(lambda turn, host: "hello")
    assert {*agent.hooks, *connector.hooks} <= hookspecs.HOOKS
    assert set(agent.hooks) <= set(hookspecs.HOOKS_OF_KIND["agent"])
    assert set(connector.hooks) <= set(hookspecs.HOOKS_OF_KIND["connector"])


def test_that_what_a_kind_must_serve_is_a_hook_of_that_kind() -> None:
    for kind, names in hookspecs.REQUIRED_HOOKS.items():
        assert names <= set(hookspecs.HOOKS_OF_KIND[kind])
