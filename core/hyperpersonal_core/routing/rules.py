r"""The tenant's own routing rules. They come before anything the router has learnt.

A pattern is words that must all appear ("gift card"), or a regular expression between slashes
("/\bwholesale\\b/"). The first rule that matches, by position, decides.
"""

import re
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.memory.versions import bump

RULES_MAX = 200
PATTERN_CHARS_MAX = 200
TEXT_CHARS_MAX = 1000
_WORD = re.compile(r"[^\W_]+")
# A repeated group can take exponential time, and each further repeat multiplies it (ReDoS).
_REPEATED_GROUP = re.compile(r"\)\s*[+*{]")
_REPEAT = re.compile(r"(?<!\\)[+*{]")
REPEATS_MAX = 1


class Rule(Struct, frozen=True):
    """`target`: an agent's name or label, `person` or `decline`."""

    pattern: str
    target: str


class Matcher:
    """Rules ready to be matched, in order."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(rule, _compiled(rule.pattern)) for rule in rules]

    def match(self, text: str) -> Rule | None:
        """The first rule that matches."""
        cut = text[:TEXT_CHARS_MAX]
        words = {word.lower() for word in _WORD.findall(cut)}
        for rule, wanted in self._rules:
            if isinstance(wanted, re.Pattern):
                if wanted.search(cut):
                    return rule
            elif wanted <= words:
                return rule
        return None


class Rules:
    """Keeps a tenant's rules."""

    def __init__(self, db: Database, ids: Ids) -> None:
        self._db = db
        self._ids = ids

    async def replace(self, tenant_id: UUID, rules: Sequence[Rule]) -> None:
        """Make these the tenant's rules, in this order.

        Raises:
            RefusedError: too many, or a pattern we cannot or will not run; says which.
        """
        check_rules(rules)
        async with self._db.transaction(tenant_id) as connection:
            await write_rules(connection, self._ids, tenant_id, rules)
            await bump(connection, tenant_id)

    async def list(self, tenant_id: UUID) -> list[Rule]:
        r"""The tenant's rules in order."""
        async with self._db.transaction(tenant_id) as connection:
            return await read_rules(connection, tenant_id)


def check_rules(rules: Sequence[Rule]) -> None:
    """Raises RefusedError: too many, or a pattern we cannot or will not run."""
    if len(rules) > RULES_MAX:
        raise RefusedError(f"at most {RULES_MAX} rules")
    for rule in rules:
        _check(rule)


async def write_rules(
    connection: Connection, ids: Ids, tenant_id: UUID, rules: Sequence[Rule]
) -> None:
    """Replace the tenant's rules, checked before, in the caller's transaction."""
    await connection.execute("delete from routing_rules where tenant_id = $1", tenant_id)
    await connection.executemany(
        "insert into routing_rules (tenant_id, id, position, pattern, target)"
        " values ($1, $2, $3, $4, $5)",
        [
            (tenant_id, ids.new(), position, rule.pattern, rule.target)
            for position, rule in enumerate(rules)
        ],
    )


async def read_rules(connection: Connection, tenant_id: UUID) -> list[Rule]:
    """The rules of the transaction's tenant in order."""
    rows = await connection.fetch(
        "select pattern, target from routing_rules where tenant_id = $1 order by position limit $2",
        tenant_id,
        RULES_MAX,
    )
    return [Rule(row["pattern"], row["target"]) for row in rows]


def _check(rule: Rule) -> None:
    _compiled(rule.pattern)
    if not 0 < len(rule.target) <= PATTERN_CHARS_MAX or "\x00" in rule.pattern + rule.target:
        raise RefusedError("a rule names an agent, `person` or `decline`", pattern=rule.pattern)


def _compiled(pattern: str) -> re.Pattern[str] | frozenset[str]:
    if len(pattern) > PATTERN_CHARS_MAX:
        raise RefusedError(f"a pattern has at most {PATTERN_CHARS_MAX} characters", pattern=pattern)
    if len(pattern) > 2 and pattern[0] == pattern[-1] == "/":
        if _REPEATED_GROUP.search(pattern) or len(_REPEAT.findall(pattern)) > REPEATS_MAX:
            raise RefusedError("a pattern repeats once at most, and no group", pattern=pattern)
        try:
            return re.compile(pattern[1:-1], re.IGNORECASE)
        except re.error as error:
            raise RefusedError(f"not a regular expression: {error}", pattern=pattern) from error
    words = frozenset(word.lower() for word in _WORD.findall(pattern))
    if not words:
        raise RefusedError("a pattern needs at least one word", pattern=pattern)
    return words
