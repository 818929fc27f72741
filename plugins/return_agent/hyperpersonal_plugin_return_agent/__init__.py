"""Returns, exchanges and refunds, by the merchant's rules."""

from hyperpersonal_sdk.authoring import Agent
from hyperpersonal_sdk.procedure import actions, addresses, inform, quote, regret
from hyperpersonal_sdk.procedure.flow import Desk

plugin = Agent()
desk = Desk(
    acting={
        "return": actions.give_back,
        "swap": actions.swap,
        "regret": regret.undo_delivered,
    },
    first={"set_address": addresses.set_address, "set_payment": actions.set_payment},
    informing={"refund_status": inform.refund_status},
    other=quote.article,
)


@plugin.reply
def reply(turn, host):
    return desk.reply(turn, host)
