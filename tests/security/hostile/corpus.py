"""All attacks, family by family."""

from security.hostile import (
    archives,
    components,
    connectors,
    floods,
    injection,
    manifests,
    native,
    neighbours,
    network,
    reach,
    suspension,
    wheels,
)
from security.hostile.attack import Attack

FAMILIES = {
    "floods": floods.ATTACKS,
    "reach": reach.ATTACKS,
    "network": network.ATTACKS,
    "archives": archives.ATTACKS,
    "manifests": manifests.ATTACKS,
    "suspension": suspension.ATTACKS,
    "neighbours": neighbours.ATTACKS,
    "injection": injection.ATTACKS,
    "components": components.ATTACKS,
    "connectors": connectors.ATTACKS,
    "native": native.ATTACKS,
    "wheels": wheels.ATTACKS,
}
ATTACKS: list[Attack] = [attack for family in FAMILIES.values() for attack in family]
