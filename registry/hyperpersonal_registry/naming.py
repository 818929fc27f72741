"""Who reviews, as the root says it: drafted here, signed by the root's holders wherever they are.

Rules:
1. The registry's own keys name nobody. Hosts take reviewers' keys from the root alone.
2. A draft names everybody who should review at this moment (`Identities`), and nobody else.
3. Where holders' keys are at hand, as in the demo and right after `hp registry init`, the ceremony
   is held at once; elsewhere the draft is carried to them.
"""

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.errors import ConflictError, RefusedError
from tuf.api.metadata import Metadata, Root

from hyperpersonal_registry import identities
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.service import Registry
from hyperpersonal_registry.trust import ceremony
from hyperpersonal_registry.trust.roles import Lifetimes

Change = Callable[[Metadata[Root]], Metadata[Root]]
"""Makes of the root in force a draft of the next one."""


async def draft(ground: Ground, change: Change | None = None) -> Metadata[Root]:
    """The next root, unsigned, naming those who should review now.

    Args:
        ground: of a registry with its keys.
        change: what else is new in it; None: nothing.

    Raises:
        ConflictError: there is no root yet, or the registry's keys are not here.
    """
    async with ground.changing() as (connection, repository):
        if repository is None:
            raise ConflictError("there is no root yet; hold `hp registry init`")
        present = repository.root
        following = (
            change(present) if change else ceremony.next_root(present, ground.now, Lifetimes())
        )
        return ceremony.named_in(following, await identities.reviewers(connection))


async def is_due(ground: Ground) -> bool:
    """Whether the root names others than those who should review now."""
    async with ground.changing() as (connection, repository):
        if repository is None:
            return False
        wanted = await identities.reviewers(connection)
        return set(ceremony.reviewers_of(repository.root.signed)) != set(wanted)


async def hold(registry: Registry, holders: Sequence[Ed25519PrivateKey]) -> bytes:
    """Let the root name who should review now, as far as these holders can.

    Returns:
        Nothing when it does; else the next root with their signatures, for the others to sign.
    """
    if not await is_due(registry.ground):
        return b""
    following = await draft(registry.ground)
    ceremony.sign(following, *holders)
    try:
        await registry.change_root(following.to_bytes())
    except RefusedError:
        return following.to_bytes()
    return b""
