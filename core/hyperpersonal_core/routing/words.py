"""What the router says and how it explains itself to people."""

from collections.abc import Sequence

TOPICS = {
    "order": "an order or its delivery",
    "return": "a return or refund",
    "product": "a product",
    "billing": "a payment or an invoice",
    "customer_success": "your account",
    "technical": "a problem with the website",
}
_ALL = "What is it about: "


def question_between(labels: Sequence[str]) -> str:
    """One clarifying question between two or more labels."""
    topics = [TOPICS.get(label, label.replace("_", " ")) for label in labels]
    if len(topics) == 2:
        return f"Happy to help. Is this about {topics[0]}, or about {topics[1]}?"
    return f"Happy to help. {_ALL}{', '.join(topics[:-1])} or {topics[-1]}?"
