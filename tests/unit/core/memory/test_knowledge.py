from uuid import uuid4

import pytest
from fakes.understanding import (
    POLICY,
    article,
    new_contact,
    new_tenant,
    shared_embedder,
    understand,
)
from hyperpersonal_core.api import RecallAsk
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError, TooLargeError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.memory.facts import Facts
from hyperpersonal_core.memory.knowledge import ARTICLES_A_IMPORT_MAX, Imported
from hyperpersonal_core.memory.lexical import Lexicon
from hyperpersonal_core.memory.loading import KnowledgeIndexes
from hyperpersonal_core.memory.recall import Recall, worth_a_search
from hyperpersonal_core.memory.static import StaticEmbedder


async def test_that_an_import_costs_nothing_where_nothing_changed(db: Database) -> None:
    tenant, knowledge = await new_tenant(db, "shop"), understand(db).knowledge
    assert await knowledge.import_documents(tenant, POLICY) == Imported(4, 0, 0, 4)
    assert await knowledge.import_documents(tenant, POLICY) == Imported(unchanged=4)
    changed = article("returns", "Returns", "Send it back within 60 days.", "return")
    assert await knowledge.import_documents(tenant, [changed]) == Imported(0, 1, 0, 1)
    listed = {view.external_id: view for view in await knowledge.articles(tenant)}
    assert (listed["returns"].version, listed["returns"].passages) == (2, 1)
    assert listed["shipping"].version == 1


async def test_that_a_changed_article_is_found_and_its_old_text_is_gone(db: Database) -> None:
    tenant, all_ = await new_tenant(db, "shop"), understand(db)
    await all_.knowledge.import_documents(tenant, POLICY)
    ask = "how long may i keep it before sending it back?"
    ((first, *_),) = await all_.recall.search_many(tenant, [ask], 3)
    assert (first.article_id, first.title) == ("returns", "Returns")
    assert "30 days" in first.text
    assert 0 < first.score <= 1
    new = article("returns", "Returns", "Send an item back within 60 days.", "return")
    await all_.knowledge.import_documents(tenant, [new])
    ((first, *_),) = await all_.recall.search_many(tenant, [ask], 3)
    assert "60 days" in first.text


async def test_that_a_deleted_article_is_forgotten_and_twice_is_refused(db: Database) -> None:
    tenant, all_ = await new_tenant(db, "shop"), understand(db)
    await all_.knowledge.import_documents(tenant, POLICY)
    await all_.knowledge.delete(tenant, "returns")
    (found,) = await all_.recall.search_many(tenant, ["send it back"], 9)
    assert {passage.article_id for passage in found} == {"shipping", "warranty", "codes"}
    with pytest.raises(NotFoundError):
        await all_.knowledge.delete(tenant, "returns")


async def test_that_a_tenants_articles_are_nobody_elses(db: Database) -> None:
    one, two, all_ = await new_tenant(db, "one"), await new_tenant(db, "two"), understand(db)
    await all_.knowledge.import_documents(one, POLICY)
    assert await all_.recall.search_many(two, ["returns"], 3) == [()]
    assert await all_.knowledge.articles(two) == []


async def test_that_an_import_has_a_limit(db: Database) -> None:
    many = [article(str(n), "T", "x") for n in range(ARTICLES_A_IMPORT_MAX + 1)]
    with pytest.raises(TooLargeError):
        await understand(db).knowledge.import_documents(uuid4(), many)


async def test_that_a_large_tenant_is_searched_in_the_database(db: Database) -> None:
    tenant, all_ = await new_tenant(db, "shop"), understand(db)
    other = await new_tenant(db, "other")
    await all_.knowledge.import_documents(tenant, POLICY)
    await all_.knowledge.import_documents(other, [article("theirs", "Returns", "Send it back.")])
    embedder, static = shared_embedder(), StaticEmbedder()
    facts = Facts(db, SystemClock(), Uuid7Ids())
    indexes = KnowledgeIndexes(db, static, fresh_seconds=0, exact_max=2)
    recall = Recall(db, embedder, static, indexes, facts)
    (found,) = await recall.search_many(tenant, ["is there a warranty on the watch?"], 2)
    assert next(passage.article_id for passage in found) == "warranty"
    assert len(found) == 2
    assert "theirs" not in {passage.article_id for passage in found}


async def test_that_recall_gives_facts_and_passages_of_each_ask(db: Database) -> None:
    tenant, all_ = await new_tenant(db, "shop"), understand(db)
    await all_.knowledge.import_documents(tenant, POLICY)
    contact, talk = await new_contact(db, tenant), uuid4()
    asks = [
        RecallAsk(tenant, contact, talk, "does my discount code still work?", 1),
        RecallAsk(tenant, contact, talk, "yes please"),
        RecallAsk(tenant, contact, talk, ""),
    ]
    first, second, third = await all_.recall.recall_many(asks)
    assert [passage.article_id for passage in first.passages] == ["codes"]
    assert second.passages == third.passages == ()
    assert await all_.recall.recall_many([]) == []


@pytest.mark.parametrize("text", ["yes", "W1234567", "jane@example.com", "12", "", "ok thanks"])
def test_that_an_answer_needs_no_article(text: str) -> None:
    assert not worth_a_search(text)


def test_that_a_question_needs_one() -> None:
    assert worth_a_search("refund?")


def test_that_letters_forgive_a_slip_and_score_nothing_shared_as_zero() -> None:
    lexicon = Lexicon(["the promo code is invalid", "wash the jacket cold"])
    promo, jacket = lexicon.scores("my prmo code is invlid").tolist()
    assert promo > 0.1 > jacket
    assert lexicon.scores("zzz qqq").tolist() == [0, 0]
    assert lexicon.scores("").tolist() == [0, 0]
