"""What the engine itself says to shoppers. Short, polite, true; no agent can change it."""

from hyperpersonal_sdk.contract.turns import HandoffReason

DECLINE = (
    "I'm sorry, that is not something this shop's support can help with. "
    "I'm glad to help with orders, returns, products, payments and your account."
)
DECLINE_REST = "The rest of your message is not something this shop's support can help with, sorry."
CLARIFY = (
    "I want to get this right: could you tell me in a few more words what you need? I can help "
    "with orders, returns, products, payments and your account. If you would rather have a "
    "person, just write \u201cperson\u201d."
)
CLARIFY_REST = (
    "I did not quite get the rest of your message: could you say it in other words? "
    "If you would rather have a person, just write \u201cperson\u201d."
)
STILL_WAITING = (
    "Thank you, our colleagues have this message too. "
    "Nobody has picked it up yet; a person will answer you right here."
)

_PERSON = "I've passed this to a colleague with everything so far. They will answer you here."
_NOTICES: dict[HandoffReason, str] = {
    "asked_for_person": "Of course. " + _PERSON,
    "money_limit": "This needs a colleague's approval. " + _PERSON,
    "not_allowed": "This needs a colleague. " + _PERSON,
    "failed": "I'm sorry, I could not finish this myself. " + _PERSON,
    "low_confidence": "I'd rather have a person look at this. " + _PERSON,
}


_TOLD = "A person will answer you right here."


def notice(reason: HandoffReason, *, told: bool = False) -> str:
    """What the shopper sees when a person must go on: no silence, no repeated question.

    `told`: the agent has just said why in its own words, so the notice does not say it again.
    """
    return _TOLD if told else _NOTICES.get(reason, _PERSON)
