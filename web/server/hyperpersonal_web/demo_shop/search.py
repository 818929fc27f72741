"""Finds products by the words of a question: name first, then options and description."""

import re

from hyperpersonal_web.demo_shop.model import Product

FOUND_MAX = 5
WORD = re.compile(r"[a-z0-9]+")


def nearest(products: list[Product], query: str) -> list[Product]:
    """At most five products that share a word with `query`, best first; all kinds for none.

    A word of the name weighs three, one of an option or the description one.
    """
    asked = _stems(query)
    scored = [(_score(product, asked), product.name, product) for product in products]
    found = sorted((row for row in scored if row[0]), key=lambda row: (-row[0], row[1]))
    return [product for _, _, product in found[:FOUND_MAX]]


def _score(product: Product, asked: set[str]) -> int:
    options = " ".join(
        value for variant in product.variants.values() for value in variant.options.values()
    )
    around = _stems(f"{options} {product.description}")
    return 3 * len(asked & _stems(product.name)) + len(asked & around)


def _stems(text: str) -> set[str]:
    return {word.removesuffix("s") for word in WORD.findall(text.lower()) if len(word) > 2}
