"""Memory and routing of one process, put together: everything that reads shoppers' words.

One embedder, one cache of its vectors, one index a tenant, shared by all that ask.
"""

import pluggy
from msgspec import Struct

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.memory.embedding import CachedEmbedder, Embedder
from hyperpersonal_core.memory.facts import Facts
from hyperpersonal_core.memory.knowledge import Knowledge
from hyperpersonal_core.memory.loading import KnowledgeIndexes
from hyperpersonal_core.memory.memory import Memory
from hyperpersonal_core.memory.minilm import MiniLm
from hyperpersonal_core.memory.recall import Recall
from hyperpersonal_core.memory.static import StaticEmbedder
from hyperpersonal_core.routing.history import History
from hyperpersonal_core.routing.router import Router
from hyperpersonal_core.routing.rules import Rules
from hyperpersonal_core.routing.tenant import TenantRoutings


class Understanding(Struct, frozen=True):
    """The services of memory and routing."""

    facts: Facts
    knowledge: Knowledge
    recall: Recall
    memory: Memory
    history: History
    rules: Rules
    router: Router

    @classmethod
    def build(
        cls,
        db: Database,
        clock: Clock,
        ids: Ids,
        *,
        hooks: pluggy.PluginManager | None = None,
        fresh_seconds: float = 1.0,
    ) -> "Understanding":
        """Wire them.

        Args:
            db: where it is all kept.
            clock: when facts begin and end.
            ids: names new rows.
            hooks: the operator's (`kit.hooks.open_hooks`); its `embedder` replaces the built-in
                MiniLM, which loads at the first text.
            fresh_seconds: how old a tenant's articles and history in memory may be.
        """
        chosen: Embedder | None = hooks.hook.embedder() if hooks else None
        cached, static = CachedEmbedder(chosen or MiniLm()), StaticEmbedder()
        indexes = KnowledgeIndexes(db, static, fresh_seconds=fresh_seconds)
        facts = Facts(db, clock, ids)
        recall = Recall(db, cached, static, indexes, facts)
        routings = TenantRoutings(db, cached, static, indexes, fresh_seconds)
        return cls(
            facts=facts,
            knowledge=Knowledge(db, cached, clock, ids),
            recall=recall,
            memory=Memory(recall, facts),
            history=History(db, cached, ids),
            rules=Rules(db, ids),
            router=Router(routings, cached, static),
        )
