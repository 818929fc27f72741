"""The marketplace's face: across packages, import only from here."""

from hyperpersonal_marketplace.errors import InstallRefusedError
from hyperpersonal_marketplace.installer import Installer, Offer, Updated
from hyperpersonal_marketplace.permissions import GROUPS, Permission, in_words, permissions

__all__ = [
    "GROUPS",
    "InstallRefusedError",
    "Installer",
    "Offer",
    "Permission",
    "Updated",
    "in_words",
    "permissions",
]
