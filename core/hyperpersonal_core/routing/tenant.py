"""Everything the router holds of one tenant: rules, labelled history, articles, trained models.

A model depends on the agents asked about, because their manifests bring examples and decide
which labels anybody serves; the newest few are kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.memory.embedding import CachedEmbedder
from hyperpersonal_core.memory.index import KnowledgeIndex
from hyperpersonal_core.memory.loading import KnowledgeIndexes
from hyperpersonal_core.memory.matter import matter_of
from hyperpersonal_core.memory.static import StaticEmbedder
from hyperpersonal_core.memory.vectors import from_rows
from hyperpersonal_core.memory.versions import Versioned
from hyperpersonal_core.routing.decision import AgentCard
from hyperpersonal_core.routing.examples import Example, Examples
from hyperpersonal_core.routing.history import EXAMPLES_MAX
from hyperpersonal_core.routing.model import RoutingModel
from hyperpersonal_core.routing.rules import Matcher, Rule, read_rules
from hyperpersonal_core.routing.seed import OUT_OF_SCOPE, SMALLTALK, STAND_INS, seed_examples

MODELS_A_TENANT_MAX = 4
MANIFEST_EXAMPLES_MAX = 500
MANIFEST_WEIGHT = 3.0
SEED_WEIGHT = 2.0


class TenantRouting:
    """One tenant at one version."""

    def __init__(
        self,
        rules: Sequence[Rule],
        history: Examples,
        knowledge: KnowledgeIndex,
        embedder: CachedEmbedder,
        static: StaticEmbedder,
    ) -> None:
        self.rules = Matcher(rules)
        self._history = history
        self._knowledge = knowledge
        self._embedder = embedder
        self._static = static
        self._models: OrderedDict[object, RoutingModel] = OrderedDict()
        self._training = asyncio.Lock()

    async def model_for(self, agents: Sequence[AgentCard]) -> RoutingModel:
        """The model for a bundle of agents, trained at the first ask (about a second)."""
        key = tuple((card.labels, tuple(card.examples.items())) for card in agents)
        async with self._training:
            if key not in self._models:
                self._models[key] = await asyncio.to_thread(self._train, agents)
            self._models.move_to_end(key)
            while len(self._models) > MODELS_A_TENANT_MAX:
                self._models.popitem(last=False)
            return self._models[key]

    def _train(self, agents: Sequence[AgentCard]) -> RoutingModel:
        served = {label for card in agents for label in card.labels}
        known = served | {row.label for row in self._history.rows} | {SMALLTALK, OUT_OF_SCOPE}
        general = [*_general(known), *_from_manifests(agents)]
        texts = [matter_of(example.text) for example in general]
        made = Examples(general, self._embedder.embed(texts), self._static.embed(texts))
        examples = self._history + made
        labels = sorted(served | {row.label for row in examples.rows})
        return RoutingModel(labels, examples, self._knowledge)


class TenantRoutings:
    """Loads `TenantRouting`s, anew when the tenant's version grows."""

    def __init__(
        self,
        db: Database,
        embedder: CachedEmbedder,
        static: StaticEmbedder,
        indexes: KnowledgeIndexes,
        fresh_seconds: float = 1.0,
    ) -> None:
        self._db = db
        self._embedder = embedder
        self._static = static
        self._indexes = indexes
        self._held = Versioned(db, self._load, fresh_seconds)

    async def of(self, tenant_id: UUID) -> TenantRouting:
        """What is known of the tenant."""
        return await self._held.of(tenant_id)

    async def _load(self, tenant_id: UUID) -> TenantRouting:
        knowledge = await self._indexes.of(tenant_id)
        async with self._db.transaction(tenant_id) as connection:
            rules = await read_rules(connection, tenant_id)
            rows = await connection.fetch(
                "select text, agent, intent, escalate, halfvec_send(embedding) as embedding"
                " from routing_examples where tenant_id = $1 order by id limit $2",
                tenant_id,
                EXAMPLES_MAX,
            )
        history = await asyncio.to_thread(self._examples, rows)
        return TenantRouting(rules, history, knowledge, self._embedder, self._static)

    def _examples(self, rows: list[asyncpg.Record]) -> Examples:
        texts = [matter_of(row["text"]) for row in rows]
        return Examples(
            [Example(r["text"], r["agent"], r["intent"], escalate=r["escalate"]) for r in rows],
            from_rows([row["embedding"] for row in rows]),
            self._static.embed(texts),
        )


def _general(known: set[str]) -> list[Example]:
    """The seed, each label served by itself or its stand-in; labels nobody knows are left out."""
    places = [
        (label if label in known else STAND_INS.get(label, ""), text)
        for label, text in seed_examples()
    ]
    return [Example(text, label, weight=SEED_WEIGHT) for label, text in places if label in known]


def _from_manifests(agents: Sequence[AgentCard]) -> list[Example]:
    found = [
        Example(text, label, weight=MANIFEST_WEIGHT)
        for card in agents
        for label, texts in card.examples.items()
        for text in texts
    ]
    return found[:MANIFEST_EXAMPLES_MAX]
