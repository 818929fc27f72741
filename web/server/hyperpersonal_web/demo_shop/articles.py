"""What the merchant knows, as JSON Lines to be imported as knowledge: its policy and its products.

A policy article is `policy/*.md`: front matter with `title` and `agent`, then Markdown. A product's
article tells what it is and comes in; prices and stock are the shop's to say.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from hyperpersonal_web.demo_shop.model import Product, Records

POLICY = Path(__file__).parent / "policy"


class Article(Struct, frozen=True):
    """`id` is stable over re-imports; `agent` is the label of the agent it is for."""

    id: str
    title: str
    agent: str
    text: str


def articles(records: Records) -> list[Article]:
    """The policy, then the products of `records`, by id."""
    policy = [_policy(path) for path in sorted(POLICY.glob("*.md"))]
    return policy + [_product(one) for one in records.products.values()]


def json_lines(records: Records) -> bytes:
    """The same, one JSON object a line."""
    return b"".join(msgspec.json.encode(article) + b"\n" for article in articles(records))


def _policy(path: Path) -> Article:
    _, front, text = path.read_text().split("---\n", 2)
    told = dict(line.split(": ", 1) for line in front.splitlines())
    heading = f"# {told['title']}\n"
    return Article(f"policy/{path.stem}", text=text.strip().removeprefix(heading).strip(), **told)


def _product(one: Product) -> Article:
    options: dict[str, list[str]] = {}
    for variant in one.variants.values():
        for name, value in variant.options.items():
            values = options.setdefault(name, [])
            values += [value] if value not in values else []
    told = "\n".join(f"- {name}: {', '.join(values)}" for name, values in options.items())
    return Article(f"product/{one.id}", one.name, "product", f"{one.description}\n\n{told}")
