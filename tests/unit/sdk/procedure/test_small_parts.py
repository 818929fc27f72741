"""Yes and no, quoting articles, small talk, and writes merged by order."""

import pytest
from hyperpersonal_sdk.procedure import confirm, plan, policy, smalltalk


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("yes", "yes"),
        ("Yes please, go ahead", "yes"),
        ("ok", "yes"),
        ("great, sounds good", "yes"),
        ("yes but also return the mug", ""),
        ("no", "no"),
        ("wait, I changed my mind", "no"),
        ("nope", "no"),
        ("what will it cost?", ""),
        ("", ""),
    ],
)
def test_confirmation(text: str, meant: str) -> None:
    assert confirm.answer(text) == meant


def passage(title: str, text: str, score: float = 0.6) -> dict[str, object]:
    return {"id": title, "article_id": title, "title": title, "text": text, "score": score}


def test_that_the_best_sentence_is_quoted_word_for_word() -> None:
    passages = [
        passage("Shipping", "We ship to most countries. Parcels take 3 days to arrive."),
        passage("Returns", "Returns are free. You can return any item within 30 days."),
    ]
    quoted, source = policy.best("How many days do I have to return an item?", passages) or ("", {})
    assert source["title"] == "Returns"
    assert all(line in passages[1]["text"] for line in quoted.split(". "))  # type: ignore[operator]


def test_that_a_distant_passage_is_no_answer() -> None:
    assert policy.best("How do I return it?", [passage("Returns", "Return it.", 0.1)]) is None
    assert policy.best("gift wrapping", [passage("Returns", "Return any item at home.")]) is None


def test_that_small_talk_says_it_is_an_ai_and_leaves_matters_alone() -> None:
    assert "AI" in smalltalk.answer("are you a bot?", "Fern")
    assert "Fern" in smalltalk.answer("who made you", "Fern")
    long = "hello, I ordered a lamp two weeks ago and it still has not come, what is going on there"
    assert smalltalk.answer(long, "Fern") == ""


def write(tool: str, order_id: str, **arguments: object) -> dict[str, object]:
    said = f"{tool} {arguments}"
    return {
        "tool": tool,
        "arguments": {"order_id": order_id, **arguments},
        "say": said,
        "done": said,
    }


def test_that_items_of_one_order_go_in_one_call() -> None:
    first = write("commerce.returns.create", "#W1", item_ids=["a"])
    more = write("commerce.returns.create", "#W1", item_ids=["a", "b"])
    kept, refused = plan.merged([first, more])
    assert [one["arguments"]["item_ids"] for one in kept] == [["a", "b"]]
    assert refused == []


def test_that_an_order_is_closed_once_and_last() -> None:
    swap = write("commerce.orders.set_items", "#W1", item_ids=["a"], new_item_ids=["b"])
    move = write("commerce.orders.set_address", "#W1", address={})
    back = write("commerce.returns.create", "#W1", item_ids=["a"])
    kept, refused = plan.merged([swap, move, back])
    assert [one["tool"] for one in kept] == [
        "commerce.orders.set_address",
        "commerce.orders.set_items",
    ]
    assert len(refused) == 1


def test_that_a_quote_keeps_a_wrapped_sentence_whole() -> None:
    listed = "- Gift cards\n- Opened food is not taken back"
    text = f"Tell us the order and\nthe items you return.\n\n{listed}"
    passage = {"text": text, "title": "Returns", "heading": "", "score": 0.6}
    found = policy.best("which items can I return?", [passage])
    assert found is not None
    assert found[0] == "Tell us the order and the items you return."


def test_that_an_id_alone_asks_for_nothing() -> None:
    credit = passage("Credit missing", "Ask how much credit to add to the account.")
    assert policy.best("credit_card_1234567", [credit]) is None
    assert policy.best("warranty?", [passage("Warranty", "The warranty lasts two years.")])
