"""What a tenant composed beyond its agents' order and rules. Pure values."""

from hyperpersonal_sdk.contract.turns import Voice
from hyperpersonal_sdk.hours import Hours
from msgspec import Struct

PERSON, DECLINE = "person", "decline"


class AgentTerms(Struct, frozen=True):
    """When one agent answers and in which languages (BCP 47); no hours: always."""

    hours: Hours | None = None
    languages: tuple[str, ...] = ("en",)


class Composition(Struct, frozen=True):
    """How the agents serve. The default is what a tenant without a bundle has.

    Args:
        agents: plugin id -> its terms; one that is not named answers always, in English.
        people: when people are there; None: always.
        fallback: who takes what no agent takes, in order: a plugin id, `person` or `decline`.
        voice: how the engine sounds, and what agents are told of it.
        bundle: the `publisher/name@version` it came from, for people.
    """

    agents: dict[str, AgentTerms] = {}
    people: Hours | None = None
    fallback: tuple[str, ...] = (PERSON,)
    voice: Voice = Voice()
    bundle: str = ""

    def terms(self, plugin_id: str) -> AgentTerms:
        """The terms of an agent."""
        return self.agents.get(plugin_id, AgentTerms())
