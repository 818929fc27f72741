"""The marketplace's face: across packages, import only from here."""

from hyperpersonal_marketplace.bundles.bench import solve_s
from hyperpersonal_marketplace.bundles.choosing import (
    BundleRefusedError,
    Choice,
    Chooser,
    NoChoice,
)
from hyperpersonal_marketplace.bundles.composer import Composer
from hyperpersonal_marketplace.bundles.composer import Present as PresentBundle
from hyperpersonal_marketplace.bundles.draft import Draft
from hyperpersonal_marketplace.bundles.keys import BundleKeys
from hyperpersonal_marketplace.bundles.lock import Lock, sign_again
from hyperpersonal_marketplace.bundles.plan import Plan
from hyperpersonal_marketplace.bundles.plan import Step as PlanStep
from hyperpersonal_marketplace.bundles.repository import Run as BundleRun
from hyperpersonal_marketplace.bundles.service import Bundles, Consent, Runner
from hyperpersonal_marketplace.bundles.shelf import Shelf
from hyperpersonal_marketplace.catalogue.card import Card
from hyperpersonal_marketplace.catalogue.catalogue import Catalogue
from hyperpersonal_marketplace.catalogue.index import Found, Index, Query
from hyperpersonal_marketplace.catalogue.ranking import keep_ranking, rank
from hyperpersonal_marketplace.errors import InstallRefusedError, MarketRefusedError
from hyperpersonal_marketplace.grants_used import GrantsUsed, GrantUse, GrantUses
from hyperpersonal_marketplace.installer import Books, Installer
from hyperpersonal_marketplace.installing import Offer, Updated
from hyperpersonal_marketplace.leaving import Data, Left, LeftBehind, OwnData
from hyperpersonal_marketplace.migrations import migrate
from hyperpersonal_marketplace.permissions import GROUPS, Permission, in_words, permissions
from hyperpersonal_marketplace.policies import Follow, Policies, Policy, next_release, waiting
from hyperpersonal_marketplace.ratings import Rated, Rating, Ratings
from hyperpersonal_marketplace.rollout import Rollouts
from hyperpersonal_marketplace.scorecard import Line
from hyperpersonal_marketplace.standing import standing
from hyperpersonal_marketplace.updates import UPDATE_JOB, Updater
from hyperpersonal_marketplace.uses import Use, Uses
from hyperpersonal_marketplace.window import DataSeen, PublisherPage, Window, Windows

__all__ = [
    "GROUPS",
    "UPDATE_JOB",
    "Books",
    "BundleKeys",
    "BundleRefusedError",
    "BundleRun",
    "Bundles",
    "Card",
    "Catalogue",
    "Choice",
    "Chooser",
    "Composer",
    "Consent",
    "Data",
    "DataSeen",
    "Draft",
    "Follow",
    "Found",
    "GrantUse",
    "GrantUses",
    "GrantsUsed",
    "Index",
    "InstallRefusedError",
    "Installer",
    "Left",
    "LeftBehind",
    "Line",
    "Lock",
    "MarketRefusedError",
    "NoChoice",
    "Offer",
    "OwnData",
    "Permission",
    "Plan",
    "PlanStep",
    "Policies",
    "Policy",
    "PresentBundle",
    "PublisherPage",
    "Query",
    "Rated",
    "Rating",
    "Ratings",
    "Rollouts",
    "Runner",
    "Shelf",
    "Updated",
    "Updater",
    "Use",
    "Uses",
    "Window",
    "Windows",
    "in_words",
    "keep_ranking",
    "migrate",
    "next_release",
    "permissions",
    "rank",
    "sign_again",
    "solve_s",
    "standing",
    "waiting",
]
