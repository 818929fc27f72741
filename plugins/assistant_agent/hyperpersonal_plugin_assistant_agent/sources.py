"""Numbered sources: what the model was given, and what it says it used."""

import re

from hyperpersonal_sdk import Evidence
from hyperpersonal_sdk.tool_loop import Tool

PASSAGES_MAX = 4
PRODUCTS_MAX = 5
QUOTE_CHARS_MAX = 300
_CITED = re.compile(r"\n?\s*\**sources?\**\s*:\s*\**\s*(.*)$", re.IGNORECASE | re.DOTALL)
_ID = re.compile(r"\bs\d+\b")
QUERY = {
    "type": "object",
    "properties": {"query": {"type": "string"}},
    "required": ["query"],
    "additionalProperties": False,
}


class Sources:
    """Grows with each search; ids are s1, s2, ... in the order in which they came."""

    def __init__(self, passages):
        self._evidence = {}
        self._known = {}
        self._first = [self._passage(passage) for passage in passages[:PASSAGES_MAX]]

    def listed(self):
        return self._first

    def search_articles(self, host, query):
        return [self._passage(found) for found in host.search(str(query)[:300], limit=3)]

    def find_products(self, host, query):
        found = host.tool("commerce.products.search", query=str(query)[:200])
        return [self._product(product) for product in found[:PRODUCTS_MAX]]

    def cited(self, text):
        """The text without its last line, and the evidence that line names; ids that were never
        given count as none."""
        found = _CITED.search(text)
        if found is None:
            return "", []
        named = [id_ for id_ in _ID.findall(found[1]) if id_ in self._evidence]
        evidence = [self._evidence[id_] for id_ in dict.fromkeys(named)]
        return text[: found.start()].strip(), evidence

    def _passage(self, passage):
        text = passage.get("text") or ""
        id_ = self._id(passage.id, Evidence("passage", passage.id, text[:QUOTE_CHARS_MAX]))
        return {"id": id_, "title": passage.get("title") or "", "text": text}

    def _product(self, product):
        name = product.get("name") or ""
        id_ = self._id(product.id, Evidence("tool", f"commerce.products.search#{product.id}", name))
        return {"id": id_, "product": plain(product.to_json())}

    def _id(self, ref, evidence):
        if ref not in self._known:
            self._known[ref] = f"s{len(self._known) + 1}"
            self._evidence[self._known[ref]] = evidence
        return self._known[ref]


def plain(value):
    """Amounts as people write them, so that the model copies and does not compute."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"minor", "currency"}:
        sign = "$" if value["currency"] == "USD" else f"{value['currency']} "
        return f"{sign}{value['minor'] / 100:.2f}"
    return {key: plain(item) for key, item in value.items()}


def tools(sources):
    return [
        Tool(
            "search_articles",
            "Searches the shop's own articles: rules, shipping, care, sizes.",
            QUERY,
            sources.search_articles,
        ),
        Tool(
            "find_products",
            "Finds products by words; with options, prices and stock.",
            QUERY,
            sources.find_products,
        ),
    ]
