"""The marketplace's face: across packages, import only from here."""

from hyperpersonal_marketplace.catalogue.card import Card
from hyperpersonal_marketplace.catalogue.catalogue import Catalogue
from hyperpersonal_marketplace.catalogue.index import Found, Index, Query
from hyperpersonal_marketplace.errors import InstallRefusedError
from hyperpersonal_marketplace.installer import Installer, Offer, Updated
from hyperpersonal_marketplace.migrations import migrate
from hyperpersonal_marketplace.permissions import GROUPS, Permission, in_words, permissions

__all__ = [
    "GROUPS",
    "Card",
    "Catalogue",
    "Found",
    "Index",
    "InstallRefusedError",
    "Installer",
    "Offer",
    "Permission",
    "Query",
    "Updated",
    "in_words",
    "migrate",
    "permissions",
]
