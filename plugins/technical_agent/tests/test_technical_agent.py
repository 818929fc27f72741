"""The technical agent in its real sandbox."""

from hyperpersonal_sdk.testing.sandbox import PluginSandbox

SLOW = {
    "id": "p1", "article_id": "slow", "title": "Slow site", "score": 0.6,
    "text": "If the website is slow, clear your cookies. Then open the website again.",
}  # fmt: skip


def test_that_the_articles_steps_are_given_once(sandbox: PluginSandbox) -> None:
    asked = sandbox.reply("The website is very slow", passages=[SLOW])
    assert asked.status == "asking"
    assert "clear your cookies" in asked.text
    solved = sandbox.reply("yes, thanks", state=asked.state)
    assert solved.status == "done"


def test_that_a_person_comes_when_the_steps_do_not_help(sandbox: PluginSandbox) -> None:
    asked = sandbox.reply("The website is very slow", passages=[SLOW])
    reply = sandbox.reply("no, still slow", state=asked.state)
    assert reply.status == "handoff"
    assert reply.handoff is not None
    assert reply.handoff.goal == "The website is very slow"
    assert "gave the steps of the article Slow site" in reply.handoff.tried


def test_that_no_step_is_invented(sandbox: PluginSandbox) -> None:
    asked = sandbox.reply("The app crashes")
    assert "a few more words" in asked.text
    again = sandbox.reply("It crashes when I open it", state=asked.state, shared=asked.shared)
    assert again.status == "handoff"


def test_that_a_return_is_declined(sandbox: PluginSandbox) -> None:
    assert sandbox.reply("My earbuds are faulty, I want a refund").status == "declined"
