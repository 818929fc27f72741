"""How a step says that it cannot go on: by asking, by refusing, or by giving up its part."""


class Ask(Exception):  # noqa: N818 - a question is not an error
    """Something is missing. `kind` says what (email, order, item, variant, payment, reason,
    address); `key` tells two questions of one kind apart; `where` goes into the state."""

    def __init__(self, kind, question, key="", **where):
        super().__init__(question)
        self.kind, self.question, self.key, self.where = kind, question, key, where


class Refuse(Exception):  # noqa: N818 - a rule of the shop, told to the shopper
    """The shop's rules do not allow it; the text says which and why."""


class NotMine(Exception):  # noqa: N818
    """Another agent's part after all; `leftover` is said so that the router finds it."""

    def __init__(self, leftover):
        super().__init__(leftover)
        self.leftover = leftover
