"""What the engine itself says to shoppers. Short, polite, true; no agent can change it.

A merchant's voice chooses among our wordings and frames a reply; it never rewrites one.
"""

from collections.abc import Sequence
from datetime import datetime

from hyperpersonal_sdk.contract.turns import HandoffReason, Voice

from hyperpersonal_core.composition.choice import people_back
from hyperpersonal_core.composition.values import Composition
from hyperpersonal_core.turns.turn import Manner

_HELPS = "I'm glad to help with orders, returns, products, payments and your account."
# Wordings of the same, the usual one first; `{shop}` is who speaks.
DECLINE = (
    f"I'm sorry, that is not something {{shop}} can help with. {_HELPS}",
    f"That is not something {{shop}} can help with. {_HELPS}",
    "This is outside of what {shop} does. Orders, returns, products, payments: just ask.",
)
DECLINE_REST = (
    "The rest of your message is not something {shop} can help with, sorry.",
    "The rest of your message is not something {shop} can help with.",
    "The rest is outside of what {shop} does.",
)
CLARIFY = (
    "I want to get this right: could you tell me in a few more words what you need? I can help "
    "with orders, returns, products, payments and your account. If you would rather have a "
    "person, just write \u201cperson\u201d.",
    "Could you tell me in a few more words what you need? For a person, write \u201cperson\u201d.",
)
CLARIFY_REST = (
    "I did not quite get the rest of your message: could you say it in other words? "
    "If you would rather have a person, just write \u201cperson\u201d.",
    "Could you say the rest in other words? For a person, write \u201cperson\u201d.",
)
STILL_WAITING = (
    "Thank you, our colleagues have this message too. "
    "Nobody has picked it up yet; a person will answer you right here.",
    "Our colleagues have this message too; a person will answer you right here.",
)
STILL_CLOSED = (
    "Thank you, our colleagues have this message too. "
    "They are back {back} and will answer you right here.",
    "Our colleagues have this message too. They are back {back} and will answer you here.",
)
CLOSED = (
    "I'm sorry, nobody who could help with this is here now. Our people are back {back}.",
    "Nobody who could help with this is here now. Our people are back {back}.",
)

_PERSON = "I've passed this to a colleague with everything so far. They will answer you here."
_LATER = (
    "I've passed this to our colleagues with everything so far. "
    "They are back {back} and will answer you here."
)
_BEGINNINGS: dict[HandoffReason, tuple[str, ...]] = {
    "asked_for_person": ("Of course. ",),
    "money_limit": ("This needs a colleague's approval. ",),
    "not_allowed": ("This needs a colleague. ",),
    "failed": ("I'm sorry, I could not finish this myself. ", "I could not finish this myself. "),
    "low_confidence": ("I'd rather have a person look at this. ",),
}
_TOLD = "A person will answer you right here."
_TOLD_LATER = "Our people are back {back} and will answer you right here."


def manner_of(composition: Composition, now: datetime) -> Manner:
    """How the engine speaks at this instant."""
    return Manner(composition.voice, people_back(composition, now))


def say(wordings: Sequence[str], manner: Manner) -> str:
    """The first wording without a phrase the merchant avoids; the last where all have one."""
    shop = manner.voice.name or "this shop's support"
    said = [text.format(shop=shop, back=manner.people_back) for text in wordings]
    avoided = [phrase.casefold() for phrase in manner.voice.avoid]
    for text in said:
        if not any(phrase in text.casefold() for phrase in avoided):
            return text
    return said[-1]


def decline(manner: Manner, *, for_want_of_an_agent: bool = False) -> str:
    """No; where only nobody is there now, that, and when people are."""
    closed = for_want_of_an_agent and manner.people_back
    return say(CLOSED if closed else DECLINE, manner)


def still_waiting(manner: Manner) -> str:
    """What a shopper hears who writes on while no person has come yet."""
    return say(STILL_CLOSED if manner.people_back else STILL_WAITING, manner)


def notice(reason: HandoffReason, manner: Manner | None = None, *, told: bool = False) -> str:
    """What the shopper sees when a person must go on: no silence, no repeated question.

    `told`: the agent has just said why in its own words, so the notice does not say it again.
    """
    manner = manner or Manner()
    if told:
        return say((_TOLD_LATER if manner.people_back else _TOLD,), manner)
    end = _LATER if manner.people_back else _PERSON
    return say([begin + end for begin in (*_BEGINNINGS.get(reason, ("",)), "")], manner)


def framed(text: str, voice: Voice, *, first: bool, settled: bool) -> str:
    """A reply with the merchant's greeting, when it is the talk's `first`, and sign-off, when the
    matter is `settled`; the words between stay as they are."""
    parts = (voice.greeting if first else "", text, voice.sign_off if settled else "")
    return "\n\n".join(part for part in parts if part)
