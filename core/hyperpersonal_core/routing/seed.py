"""The general knowledge every router starts with (seed.toml): label -> texts, written by us."""

import tomllib
from functools import cache
from importlib.resources import files

SMALLTALK = "smalltalk"
OUT_OF_SCOPE = "out_of_scope"
# Who answers for a label nobody in the bundle serves.
STAND_INS = {"technical": "customer_success", SMALLTALK: "customer_success"}


@cache
def seed_examples() -> tuple[tuple[str, str], ...]:
    """(label, text) of every seed example."""
    lists = tomllib.loads(files(__package__).joinpath("seed.toml").read_text("utf-8"))
    return tuple((label, text) for label, texts in lists.items() for text in texts)
