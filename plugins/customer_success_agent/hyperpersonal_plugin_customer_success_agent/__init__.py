"""Accounts and everything kind: the default address, general questions, greetings."""

from hyperpersonal_sdk.authoring import Agent
from hyperpersonal_sdk.procedure import addresses, quote, smalltalk
from hyperpersonal_sdk.procedure.flow import Desk

plugin = Agent()


def kindly(case):
    """Small talk is answered; a question gets the merchant's article, or a person."""
    said = smalltalk.answer(case.text, case.turn.get("tenant_name"))
    return case.done(said, 0.95) if said else quote.article(case)


desk = Desk(acting={"profile_address": addresses.profile_address}, informing={}, other=kindly)


@plugin.reply
def reply(turn, host):
    return desk.reply(turn, host)
