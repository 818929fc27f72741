"""The manifest's words to merchants: in one script, in the publisher's own name, after no secret.

Words that mix letters of two scripts pass for others (Unicode TS 39, mixed-script detection);
praise by the platform is the platform's to give; a password asked for as a setting lies open.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding
from hyperpersonal_sdk.manifest import MANIFEST_FILE, Manifest

NAME = "claims"
REASON = "Merchants decide by these words: they must be the publisher's own, and after no secret."
FIX = "Write it in one script and without praise of others; keys belong into [[secrets]]."
WAIVABLE = True

HOUSE = "hyperpersonal/"
_LATIN = re.compile(r"[A-Za-z]")
_ALIKE = re.compile("[\u0370-\u03ff\u0400-\u052f\u0531-\u0587\u13a0-\u13ff]")  # Greek … Cherokee
_PRAISED = re.compile(
    r"\b(?:verified|certified|approved|endorsed|vetted|audited|trusted|recommended|guaranteed) by "
    r"(?:the )?(?:hyperpersonal|platform|registry|market(?:place)?|store|reviewers?)\b"
    r"|\bofficial\W+(?:hyperpersonal|platform|market(?:place)?)\b"
    r"|\(\s*(?:verified|official|certified|approved)\s*\)|[\u2713\u2714\u2705\u2611\U0001f3c5]"
    r"|\bhyperpersonal\W+(?:official|verified|certified|approved|partner)\b"
)
_SECRETS = frozenset("password passwd passphrase secret token credential credentials pin".split())
_KEYS = frozenset({("api", "key"), ("access", "key"), ("private", "key"), ("secret", "key")})
_ASKED = re.compile(r"\b(?:passwords?|passphrase|api[ -]?keys?|private keys?|access tokens?)\b")
_SESSIONS = frozenset({"cookie", "set-cookie"})
_OF_PEOPLE = re.compile(r"\b(?:password|session|log ?in|sign ?in|cookie)\b")


def check(reading: Reading) -> Iterator[Finding]:
    """Words that pass for somebody else's, and secrets asked for in the open."""
    said = reading.manifest
    if said is None:
        return
    for where, text in _shown(said):
        for word in re.findall(r"\w+", text):
            if _LATIN.search(word) and _ALIKE.search(word):
                yield _at(f"{where}: {word!r} mixes letters of two scripts")
        if _PRAISED.search(text.casefold()) and not said.id.startswith(HOUSE):
            yield _at(f"{where} claims a word that is the platform's: {text[:80]!r}")
    yield from map(_at, _settings(said))
    for secret in said.secrets:
        if secret.header.casefold() in _SESSIONS or _OF_PEOPLE.search(secret.why.casefold()):
            yield _at(f"asks for a person's session ({secret.header}), not for a key of its own")


def _at(what: str) -> Finding:
    return Finding(MANIFEST_FILE, what)


def _shown(said: Manifest) -> Iterator[tuple[str, str]]:
    yield "title", said.title
    yield "description", said.description
    if said.listing is not None:
        yield "tagline", said.listing.tagline
        yield "keywords", " ".join(said.listing.keywords)


def _settings(said: Manifest) -> Iterator[str]:
    """Settings are shown to every member of a shop; secrets go to the key service."""
    for name, rule in said.config.get("properties", {}).items():
        if not isinstance(rule, dict) or rule.get("type") != "string":
            continue
        words = re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).casefold())
        asked = _SECRETS & set(words) or _KEYS & set(pairwise(words))
        if asked or _ASKED.search(str(rule.get("description", "")).casefold()):
            yield f"asks for a secret as the setting {name!r}"
