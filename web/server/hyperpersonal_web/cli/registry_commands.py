"""All of `hp registry`: each module adds its commands to the group."""

from hyperpersonal_web.cli import (
    registry_blobs,
    registry_mirror,
    registry_people,
    registry_root,
    registry_serve,
    registry_witness,
)
from hyperpersonal_web.cli.registry import registry

__all__ = [
    "registry",
    "registry_blobs",
    "registry_mirror",
    "registry_people",
    "registry_root",
    "registry_serve",
    "registry_witness",
]
