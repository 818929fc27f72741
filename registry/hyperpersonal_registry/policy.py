"""What a release needs before it is published: a pure function of its manifest.

The names of the required checks stand here and never come from what happened to run: a scanner
that was lost leaves a gap, and a gap publishes nothing.
"""

from typing import Literal

from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.risk import reviews_needed
from msgspec import Struct, structs

from hyperpersonal_registry.names import HOUSE

PURE = (
    "manifest", "archive", "hidden_text", "sources", "entry", "bundle", "wheels", "shadowing",
    "listing",
)  # fmt: skip
"""Checks that need the archive only; the author's machine runs the very same."""

Reviews = Literal["none", "by_risk"]


class Policy(Struct, frozen=True):
    """Which checks must pass and how many people must stand for a release.

    Attributes:
        checks: names of checks every release needs, in the order they are shown.
        reviews: `by_risk`: one reviewer, two when it moves money or reads sensitive data.
        waivable: those of them whose FAIL people may waive after an appeal.
        house: a namespace whose releases came with this software; it needs only `house_checks`.
    """

    checks: tuple[str, ...]
    reviews: Reviews = "by_risk"
    waivable: frozenset[str] = frozenset()
    house: str = ""
    house_checks: tuple[str, ...] = PURE

    @classmethod
    def private(cls) -> "Policy":
        """For a registry of one's own: the pure checks, and nobody's review."""
        return cls(PURE, reviews="none")

    @classmethod
    def public(cls) -> "Policy":
        """For releases strangers install: every check, and people."""
        from hyperpersonal_registry.checks import REQUIRED, WAIVABLE

        return cls(REQUIRED, waivable=WAIVABLE, house=HOUSE)

    def unreviewed(self) -> "Policy":
        """The same checks, and nobody's review: for what strangers cannot install."""
        return structs.replace(self, reviews="none")

    def checks_of(self, manifest: Manifest) -> tuple[str, ...]:
        """The names of the checks this release must pass."""
        return self.house_checks if self.house == manifest.namespace else self.checks

    def reviews_of(self, manifest: Manifest) -> int:
        """How many different people must stand for this release: 0, 1 or 2."""
        return reviews_needed(manifest) if self.reviews == "by_risk" else 0
