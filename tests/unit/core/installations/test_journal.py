"""What a plugin is told of its turn's journal."""

from uuid import UUID

from hyperpersonal_core.installations.journal import LiveTurn
from hyperpersonal_runtime.api import Entry

FIRST, SECOND, SHOP = UUID(int=1), UUID(int=2), UUID(int=3)


def entry(path: str, *, write: bool = False) -> Entry:
    return Entry(path, "tool.call", "{}", b"hash", '{"value":1}', write)


def test_that_a_plugin_gets_its_own_entries_and_everybodys_writes() -> None:
    turn = LiveTurn(UUID(int=7), UUID(int=8), UUID(int=9), 1)
    turn.record([entry("1"), entry("2", write=True)], FIRST)
    turn.record([entry("2.1", write=True)], SHOP)
    turn.record([entry("agent2.1")], SECOND)
    assert [one.path for one in turn.entries_of(SECOND)] == ["2", "2.1", "agent2.1"]
    assert [one.path for one in turn.entries_of(FIRST)] == ["1", "2", "2.1"]
