from uuid import uuid4

import msgspec
import pytest
from fakes.understanding import POLICY, new_contact, new_tenant, understand
from hyperpersonal_core.api import NewFact, RecallAsk
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import TooLargeError
from hyperpersonal_runtime.api import CallScope


async def test_that_a_new_value_ends_the_old_one_and_keeps_it(db: Database) -> None:
    tenant, all_ = await new_tenant(db, "shop"), understand(db)
    contact, turn = await new_contact(db, tenant), uuid4()
    await all_.facts.remember(NewFact(tenant, contact, "size", "M"))
    await all_.facts.remember(NewFact(tenant, contact, "size", {"shoe": 42}, turn, "t:1"))
    ask = RecallAsk(tenant, contact, uuid4(), "")
    (fact,) = (await all_.recall.recall(ask)).facts
    assert (fact.key, fact.value, fact.source_turn_id) == ("size", {"shoe": 42}, str(turn))
    async with db.transaction(tenant) as connection:
        rows = await connection.fetch("select value from facts where valid_to is not null")
    assert [row["value"] for row in rows] == ["M"]


async def test_that_a_call_remembers_once_however_often_it_runs(db: Database) -> None:
    tenant, all_ = await new_tenant(db, "shop"), understand(db)
    contact = await new_contact(db, tenant)
    for value in ("first", "again"):
        await all_.facts.remember(NewFact(tenant, contact, "k", value, call_key="turn:3"))
    (facts,) = await all_.facts.valid_for([RecallAsk(tenant, contact, uuid4(), "")])
    assert [fact.value for fact in facts] == ["first"]


async def test_that_a_conversations_fact_stays_in_it(db: Database) -> None:
    tenant, all_ = await new_tenant(db, "shop"), understand(db)
    contact, here = await new_contact(db, tenant), uuid4()
    await all_.facts.remember(NewFact(tenant, contact, "order", "W1", conversation_id=here))
    asks = [RecallAsk(tenant, contact, talk, "") for talk in (here, uuid4())]
    inside, outside = await all_.facts.valid_for(asks)
    assert [fact.value for fact in inside] == ["W1"]
    assert outside == ()


async def test_that_facts_of_others_are_not_seen_and_forgetting_deletes(db: Database) -> None:
    one, two, all_ = await new_tenant(db, "one"), await new_tenant(db, "two"), understand(db)
    mine, other = await new_contact(db, one), await new_contact(db, two)
    await all_.facts.remember(NewFact(one, mine, "k", 1))
    await all_.facts.remember(NewFact(two, other, "k", 2))
    asks = [RecallAsk(one, mine, uuid4(), ""), RecallAsk(two, other, uuid4(), "")]
    assert [[fact.value for fact in facts] for facts in await all_.facts.valid_for(asks)] == [
        [1],
        [2],
    ]
    crossed = RecallAsk(one, other, uuid4(), "")
    assert await all_.facts.valid_for([crossed]) == [()]
    assert await all_.facts.forget(one, mine) == 1
    assert await all_.facts.valid_for(asks[:1]) == [()]
    assert await all_.facts.forget(one, mine) == 0


async def test_that_an_oversize_fact_is_refused(db: Database) -> None:
    tenant, all_ = await new_tenant(db, "shop"), understand(db)
    contact = await new_contact(db, tenant)
    for fact in (
        NewFact(tenant, contact, "k" * 201, 1),
        NewFact(tenant, contact, "k", "x" * 17_000),
    ):
        with pytest.raises(TooLargeError):
            await all_.facts.remember(fact)


async def test_that_the_port_answers_with_provenance_and_never_raises(db: Database) -> None:
    tenant, all_ = await new_tenant(db, "shop"), understand(db)
    contact = await new_contact(db, tenant)
    await all_.knowledge.import_documents(tenant, POLICY)
    turn = uuid4()
    scope = CallScope(str(tenant), str(uuid4()), str(turn), str(uuid4()), str(contact))
    assert (await all_.memory.remember(scope, "size", "M", f"{turn}:1")).failure is None
    recalled = (await all_.memory.recall(scope, "warranty of my watch", 1)).value
    assert recalled["facts"] == [
        {"key": "size", "value": "M", "source_turn_id": str(turn)},
    ]
    assert [passage["article_id"] for passage in recalled["passages"]] == ["warranty"]
    found = (await all_.memory.search(scope, "express delivery", 2)).value
    assert next(passage["article_id"] for passage in found["passages"]) == "shipping"
    assert msgspec.json.encode(recalled)
    nobody = CallScope(str(tenant), str(uuid4()))
    for answer in (
        await all_.memory.recall(nobody, "x", 1),
        await all_.memory.remember(nobody, "k", 1, ""),
        await all_.memory.remember(scope, "k" * 300, 1, ""),
    ):
        assert answer.failure is not None
        assert answer.failure.message
    assert (await all_.memory.search(scope, "express", 0)).value == {"passages": []}
