"""Products: options, stock and prices from the shop's data, everything else from its articles."""

from hyperpersonal_sdk.authoring import Agent
from hyperpersonal_sdk.procedure import products, quote
from hyperpersonal_sdk.procedure.flow import Desk

plugin = Agent()


def about_product(case):
    """The product's own data first; an article next; a person when neither knows."""
    product = products.named(case.text, case.shop)
    if product and products.about_data(case.text, product):
        return case.done(products.answer(case.text, product))
    return quote.article(case)


desk = Desk(acting={}, informing={}, other=about_product)


@plugin.reply
def reply(turn, host):
    return desk.reply(turn, host)
