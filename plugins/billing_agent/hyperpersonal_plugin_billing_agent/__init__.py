"""Charges, payments, invoices, and the payment method of a pending order."""

from hyperpersonal_sdk.authoring import Agent
from hyperpersonal_sdk.procedure import actions, inform, quote
from hyperpersonal_sdk.procedure.flow import Desk

plugin = Agent()
desk = Desk(
    acting={"set_payment": actions.set_payment},
    informing={
        "charges": inform.charges,
        "invoice": inform.invoice,
        "payment_methods": inform.payment_methods,
        "refund_status": inform.refund_status,
    },
    other=quote.article,
)


@plugin.reply
def reply(turn, host):
    return desk.reply(turn, host)
