"""Who writes: no private data before the contact is found by e-mail, or by name and zip."""

import re

from hyperpersonal_sdk.procedure import values, words
from hyperpersonal_sdk.procedure.asks import Ask

_HAS_NO_EMAIL = re.compile(
    r"\b(?:don'?t|do\s+not|can'?t|cannot|no|forgot|forgotten|lost)\b[^.;]{0,30}\be-?mail\b"
    r"|^\W*i\s+(?:don'?t|do\s+not|can'?t|cannot)\s+(?:remember|recall|know)\W*(?:it|that)?\W*$",
    re.I | re.M,
)


def identify(shop, turn, said):
    """Let the shop know whose orders may be told: the shop's customer who writes, remembered in
    the conversation's shared state.

    `said`: the shopper's words that may name them. Raises Ask when they are not known yet."""
    shop.customer_id = turn.shared.get("customer_id") or shop.customer_id
    if not (shop.customer_id or _by_email(shop, turn, said) or _by_name(shop, said)):
        raise Ask("identity", _question(said), "identity")


def _by_email(shop, turn, said):
    email = values.email(said) or (turn.contact.get("email") if "contact" in turn else "")
    return bool(email) and shop.identify(email=email)


def _by_name(shop, said):
    found = values.name_and_zip(said)
    if not found:
        return False
    first, last, code = found
    return shop.identify(first_name=first, last_name=last, zip=code)


def _question(said):
    if not values.email(said) and _HAS_NO_EMAIL.search(said):
        return words.ASK_NAME
    if values.email(said):
        return words.ASK_NAME_AFTER_EMAIL
    if values.name_and_zip(said):
        return words.ASK_EMAIL_AFTER_NAME
    return words.ASK_EMAIL
