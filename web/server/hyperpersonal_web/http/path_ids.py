"""Ids as requests write them."""

from uuid import UUID

from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_core.kit.ids import parse


def identified(kind: str, text: str) -> UUID:
    """The id that a shown one (such as `trn_…` of a turn) names. Raises NotFoundError also for what
    has not its form: it names nothing."""
    try:
        return parse(kind, text)
    except ValueError as error:
        raise NotFoundError(f"there is no such {kind}", id=text[:80]) from error
