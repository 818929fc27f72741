"""Trouble with site, app, checkout or a device: the merchant's steps, then a person."""

from hyperpersonal_sdk.authoring import Agent
from hyperpersonal_sdk.procedure import confirm, policy, quote, words
from hyperpersonal_sdk.procedure.asks import Ask
from hyperpersonal_sdk.procedure.flow import Desk

plugin = Agent()


def troubleshoot(case):
    """The steps of the fitting article, once; a person if they did not help."""
    if case.state.get("tried_article"):
        return _after_steps(case)
    found = policy.best(case.text, case.passages)
    if not found:
        return quote.article(case)
    quoted, passage = found
    case.trail.passage(passage, quoted)
    case.lines.append(quoted)
    case.state.update(tried_article=passage.get("title", ""), goal=case.text[:600])
    return case.ask(Ask("helped", words.DID_IT_HELP, "helped"))


def _after_steps(case):
    case.trail.note(f"gave the steps of the article {case.state['tried_article']}")
    if confirm.answer(case.text) == "yes":
        return case.done(words.GLAD)
    return case.handoff("not_able")


desk = Desk(acting={}, informing={}, other=troubleshoot)


@plugin.reply
def reply(turn, host):
    return desk.reply(turn, host)
