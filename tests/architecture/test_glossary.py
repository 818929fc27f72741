"""One word per thing: the names in our code do not use the synonyms docs/glossary.md rejects."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("sdk", "runtime", "core", "registry", "marketplace", "web/server")


def rejected() -> set[str]:
    """The words of the tables' last column."""
    rows = (
        line.strip("|\n ").split("|")
        for line in (ROOT / "docs/glossary.md").read_text().splitlines()
        if line.startswith("|") and not line.startswith(("|---", "| word"))
    )
    words = (word.strip() for row in rows if len(row) == 3 for word in row[2].split(","))
    return {word for word in words if word}


def names(tree: ast.AST) -> set[str]:
    """Every name a file defines, in snake case."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() for name in found}


def offences(source: str, words: set[str]) -> set[str]:
    return {
        name
        for name in names(ast.parse(source))
        if any(re.search(rf"(^|_){word}s?(_|$)", name) for word in words)
    }


def test_that_our_names_use_the_glossarys_words() -> None:
    words = rejected()
    assert len(words) > 10
    found = {
        str(path.relative_to(ROOT)): bad
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if (bad := offences(path.read_text(), words))
    }
    assert found == {}


def test_that_a_planted_synonym_is_seen() -> None:
    assert offences("class SupportTicket: ...\ndef f(ticket_id): ...", rejected()) == {
        "support_ticket",
        "ticket_id",
    }
    assert offences("thicket = 1", rejected()) == set()
