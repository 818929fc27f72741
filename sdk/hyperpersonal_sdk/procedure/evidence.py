"""What a reply rests on: each looked-up thing becomes one Evidence item and one line of `tried`."""

from hyperpersonal_sdk.authoring import Evidence

EVIDENCE_MAX = 12


class Trail:
    """Collects evidence of a turn; the same reference counts once."""

    def __init__(self):
        self.items = []
        self.tried = []

    def tool(self, name, ref, text):
        self._add(Evidence("tool", f"{name}#{ref}" if ref else name, text[:200]))
        self.note(f"{name} {ref}: {text}"[:200])

    def computed(self, sum_text):
        self._add(Evidence("procedure", "sum", sum_text))

    def passage(self, passage, text):
        self._add(Evidence("passage", passage.get("article_id") or passage.get("id"), text[:200]))
        self.note(f"read the article {passage.get('title', '')}"[:200])

    def note(self, text):
        if text not in self.tried:
            self.tried.append(text)

    def _add(self, item):
        if item.kind == "procedure":
            self.items.insert(0, item)
        elif len(self.items) < EVIDENCE_MAX and all(
            (i.ref, i.text) != (item.ref, item.text) for i in self.items
        ):
            self.items.append(item)
