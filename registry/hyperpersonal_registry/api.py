"""The registry's face: across packages, import only from here."""

from hyperpersonal_registry import house, mirror, mirroring, naming
from hyperpersonal_registry.blob_copy import Copied, Fate, copy_blobs
from hyperpersonal_registry.blob_places import open_blobs
from hyperpersonal_registry.blobs import Blobs, FolderBlobs
from hyperpersonal_registry.checks.job import Checking
from hyperpersonal_registry.checks.runner import Runner as CheckRunner
from hyperpersonal_registry.claims import Claim, Proofs
from hyperpersonal_registry.decision import Case, Decision, Vote, decide
from hyperpersonal_registry.errors import PublishRefusedError, ReleaseRefusedError
from hyperpersonal_registry.founding import found
from hyperpersonal_registry.identities import Caller, Person, Role, reviewers
from hyperpersonal_registry.journal import Entry
from hyperpersonal_registry.lifecycle import CHECK_JOB
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.log.tiles import TileId
from hyperpersonal_registry.looks import Looked, Looks
from hyperpersonal_registry.migrations import migrate
from hyperpersonal_registry.names import version_key
from hyperpersonal_registry.policy import Policy
from hyperpersonal_registry.proofs import DomainProofs
from hyperpersonal_registry.releases import Release
from hyperpersonal_registry.renewal import Renewal
from hyperpersonal_registry.service import Registry
from hyperpersonal_registry.submissions import Reviewed, Submission
from hyperpersonal_registry.trust import ceremony
from hyperpersonal_registry.trust.keeper import Fetch, Keeper, from_database
from hyperpersonal_registry.trust.key_folder import KeyFolder, Pins, fingerprint, first_root
from hyperpersonal_registry.trust.logged import log_of, name_log
from hyperpersonal_registry.trust.reader import Trust
from hyperpersonal_registry.trust.roles import Lifetimes, OnlineKeys
from hyperpersonal_registry.trust.store import MetadataStore
from hyperpersonal_registry.verdicts import Verdict, report_hash
from hyperpersonal_registry.visibility import PUBLIC, Seen, Visibilities, Visibility
from hyperpersonal_registry.witness.asking import Asking, WitnessAt
from hyperpersonal_registry.witness.cosigner import NotCosignedError, Witness
from hyperpersonal_registry.witness.state import State as WitnessState

__all__ = [
    "CHECK_JOB",
    "PUBLIC",
    "Asking",
    "Blobs",
    "Caller",
    "Case",
    "CheckRunner",
    "Checking",
    "Claim",
    "Copied",
    "Decision",
    "DomainProofs",
    "Entry",
    "Fate",
    "Fetch",
    "FolderBlobs",
    "Keeper",
    "KeyFolder",
    "Lifetimes",
    "Looked",
    "Looks",
    "MetadataStore",
    "NotCosignedError",
    "OnlineKeys",
    "Person",
    "Pins",
    "Policy",
    "Proofs",
    "PublishRefusedError",
    "Registry",
    "Release",
    "ReleaseRefusedError",
    "Renewal",
    "Reviewed",
    "Role",
    "Seen",
    "Signer",
    "Submission",
    "TileId",
    "Trust",
    "Verdict",
    "Visibilities",
    "Visibility",
    "Vote",
    "Witness",
    "WitnessAt",
    "WitnessState",
    "ceremony",
    "copy_blobs",
    "decide",
    "fingerprint",
    "first_root",
    "found",
    "from_database",
    "house",
    "log_of",
    "migrate",
    "mirror",
    "mirroring",
    "name_log",
    "naming",
    "open_blobs",
    "report_hash",
    "reviewers",
    "version_key",
]
