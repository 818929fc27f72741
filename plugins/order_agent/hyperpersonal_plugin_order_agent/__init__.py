"""Orders: where they are, cancelling them, and changing them while they are pending."""

from hyperpersonal_sdk.authoring import Agent
from hyperpersonal_sdk.procedure import actions, addresses, inform, quote, regret
from hyperpersonal_sdk.procedure.flow import Desk

plugin = Agent()
desk = Desk(
    acting={
        "cancel": actions.cancel,
        "reopen": actions.reopen,
        "swap": actions.swap,
        "set_address": addresses.set_address,
        "set_payment": actions.set_payment,
        "regret": regret.undo_pending,
    },
    informing={"status": inform.status, "tracking": inform.status},
    other=quote.article,
)


@plugin.reply
def reply(turn, host):
    return desk.reply(turn, host)
