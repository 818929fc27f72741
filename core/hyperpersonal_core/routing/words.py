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
_WE_HELP = "I can help with orders, returns, products, payments and your account"
WHAT_FOR = (
    f"What can I do for you? {_WE_HELP}, and a person is one word away: "
    "just write \u201cperson\u201d."
)
GOOD = "Good! Is there anything else I can do for you?"
ALL_RIGHT = "All right. I'm here if you need anything else."
GLAD = "Thank you, that's lovely to hear! I'm here if you need anything."
_ENGLISH_ONLY = (
    "For now I can only answer in English. Please write to me in English, "
    "or write \u201cperson\u201d and a colleague will take over."
)
_ABROAD = {
    "de": "Wir antworten hier vorerst nur auf Englisch; schreiben Sie \u201eperson\u201c, wenn ein "
    "Mensch \u00fcbernehmen soll.",
    "fr": "Pour l'instant, nous r\u00e9pondons ici en anglais\u00a0; \u00e9crivez "
    "\u00ab\u00a0person\u00a0\u00bb pour parler \u00e0 quelqu'un.",
    "es": "Por ahora respondemos aqu\u00ed en ingl\u00e9s; escriba \u00abperson\u00bb para hablar "
    "con una persona.",
    "it": "Per ora qui rispondiamo in inglese; scriva \u00abperson\u00bb per parlare con una "
    "persona.",
    "pt": "Por enquanto respondemos aqui em ingl\u00eas; escreva \u00abperson\u00bb para falar com "
    "uma pessoa.",
    "nl": "We antwoorden hier voorlopig in het Engels; schrijf \u2018person\u2019 als u een "
    "medewerker wilt spreken.",
}


def question_between(labels: Sequence[str]) -> str:
    """One clarifying question between two or more labels."""
    topics = [TOPICS.get(label, label.replace("_", " ")) for label in labels]
    if len(topics) == 2:
        return f"Happy to help. Is this about {topics[0]}, or about {topics[1]}?"
    return f"Happy to help. {_ALL}{', '.join(topics[:-1])} or {topics[-1]}?"


_NAMES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian",
          "pt": "Portuguese", "nl": "Dutch"}  # fmt: skip


def in_english_please(language: str, spoken: Sequence[str] = ("en",)) -> str:
    """In which languages we answer; where that is English, also in the shopper's language, as far
    as we wrote that sentence."""
    bases = dict.fromkeys(name.partition("-")[0] for name in spoken)
    if set(bases) - {"en"}:
        names = [_NAMES.get(base, base) for base in bases]
        known = " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        return (
            f"Here I can answer in {known}. Please write to me in that, or write "
            "\u201cperson\u201d and a colleague will take over."
        )
    return " ".join(part for part in (_ENGLISH_ONLY, _ABROAD.get(language, "")) if part)
