"""The merchant's knowledge: policy and products, in the form the platform imports."""

import re

from hyperpersonal_core.memory.documents import read_documents
from hyperpersonal_web.demo_shop.articles import POLICY, articles, json_lines
from hyperpersonal_web.demo_shop.model import Records

AGENTS = {"order", "return", "product", "billing", "customer_success", "technical"}


def test_that_every_article_has_a_title_an_agent_and_a_text(demo_records: Records) -> None:
    told = articles(demo_records)
    assert len(told) == len(list(POLICY.glob("*.md"))) + len(demo_records.products)
    assert {article.agent for article in told} == AGENTS
    assert len({article.id for article in told}) == len(told)
    assert all(article.title and len(article.text) > 60 for article in told)


def test_that_titles_are_not_said_twice_and_prices_are_left_to_the_shop(
    demo_records: Records,
) -> None:
    for article in articles(demo_records):
        assert not article.text.startswith("# "), article.id
        if article.id.startswith("product/"):
            assert not re.search(r"\$\d", article.text), article.id


def test_that_the_platform_reads_them(demo_records: Records) -> None:
    documents = read_documents("fernhill.jsonl", json_lines(demo_records))
    returns = next(one for one in documents if one.external_id == "policy/returns")
    assert (returns.title, returns.agent) == ("Returns", "return")
    assert "30 days" in returns.sections[0].text
    assert [section.heading for section in returns.sections] == [
        "", "Where the refund goes", "What cannot come back"
    ]  # fmt: skip
