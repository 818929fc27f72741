"""Which language a message is in, as far as we must know: English, or one we cannot answer.

Counted by the small words each language cannot do without; what English also has (`die`, `me`) is
not counted, nor what names are made of (`von`, `de la`). Two different ones, and more than English
ones, make a language.
"""

import re
import unicodedata
from collections.abc import Sequence

ENGLISH = "en"
OTHER = "other"
LETTERS_MAX = 400
MARKS_LEAST = 2
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_MARKS = {
    "de": """ich wo ist meine mein meinen meiner nicht und das ein eine einen bestellung wann
        kann bitte habe haben wie für auf zu zurück geld paket möchte sie wir danke hallo warum
        kommt bin sind ihr noch einem mit sprechen""",
    "fr": """je où est mon ma mes des une un pas et pour avec vous votre commande bonjour
        merci veux voudrais puis-je peux retourner remboursement colis quand c'est j'ai parler à
        que qui ne suis dans sur ce""",
    "es": """un una mi mis qué que dónde donde está pedido puedo quiero devolver hola
        gracias por para con cuándo cómo es artículo reembolso necesito hablar tengo paquete
        cuando mío""",
    "it": """il gli un una mio mia ordine dove è quando posso vorrei restituire grazie ciao
        buongiorno per con non che sono ho rimborso pacco voglio parlare mi""",
    "pt": """meu minha pedido onde está quando posso quero devolver obrigado obrigada olá não para
        com uma um que reembolso falar preciso encomenda é""",
    "nl": """ik mijn waar wanneer bestelling het een niet voor met kan hoe wil terug
        retourneren bedankt hallo pakket graag spreken heb wij jullie""",
}
_MARK_SETS = {language: frozenset(words.split()) for language, words in _MARKS.items()}
_ENGLISH = frozenset(
    """a an the i is are was my your it its this that to of and for in on with have has had do does
    did can could will would not no what how when where why who please order return refund want
    need from me you we they there at by be if""".split()
)
_PERSON = frozenset(
    """mensch menschen mitarbeiter mitarbeiterin humain humaine quelqu'un conseiller conseillère
    persona humano humana alguien umano operatore qualcuno pessoa alguém atendente medewerker mens
    iemand""".split()
)


def foreign_language(text: str) -> str:
    """`de`, `fr`, `es`, `it`, `pt`, `nl`, `other` (another script), or "" for English."""
    letters = [letter for letter in text[:LETTERS_MAX] if letter.isalpha()]
    strange = sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    if letters and strange * 2 > len(letters):
        return OTHER
    words = _words(text)
    english = sum(word in _ENGLISH for word in words)
    found = {name: sum(word in marks for word in words) for name, marks in _MARK_SETS.items()}
    best = max(found, key=lambda name: found[name])
    different = len(_MARK_SETS[best] & set(words))
    return best if different >= MARKS_LEAST and found[best] > english else ""


def speaks(languages: Sequence[str], language: str) -> bool:
    """Whether one of these languages (BCP 47) is that of a text, as it was told above.

    `other` is taken for whatever else is spoken: scripts are told apart, not their languages.
    """
    spoken = {name.partition("-")[0] for name in languages}
    return bool(spoken - {ENGLISH, *_MARKS}) if language == OTHER else language in spoken


def asks_for_person_abroad(text: str) -> bool:
    """True when a message in another language names a human being."""
    return not _PERSON.isdisjoint(_words(text))


def _words(text: str) -> list[str]:
    lowered = text.lower().replace("\u2019", "'")
    return [word for whole in _WORD.findall(lowered) for word in (whole, *_tail(whole))]


def _tail(word: str) -> tuple[str, ...]:
    """What an elided word says: `humain` of `l'humain`."""
    head, _, tail = word.partition("'")
    return (tail,) if tail and len(head) == 1 else ()
