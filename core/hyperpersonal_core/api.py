"""The core's face: what other packages may use. Across packages, import only from here, `kit`
and `events`."""

from hyperpersonal_core.channels.inbound import Inbound
from hyperpersonal_core.channels.service import Channels
from hyperpersonal_core.channels.values import ChannelScope, NewChannel
from hyperpersonal_core.channels.webchat import decode_frame, parse_inbound
from hyperpersonal_core.composition.rehearsal import Heard, Route, Scene, cast, rehearse
from hyperpersonal_core.composition.service import Compositions, Switch
from hyperpersonal_core.composition.values import AgentTerms, Composition
from hyperpersonal_core.contacts.service import Contacts
from hyperpersonal_core.contacts.values import Contact, ContactDetails
from hyperpersonal_core.conversations.timeline import Timeline
from hyperpersonal_core.conversations.values import Appended, Event, NewMessage
from hyperpersonal_core.handoffs.service import Handoffs
from hyperpersonal_core.handoffs.values import Conversation, Escalated, Taken
from hyperpersonal_core.installations.changes import (
    Also,
    check_no_rollout,
    hold_changes,
    hold_unchanged,
    nothing_more,
)
from hyperpersonal_core.installations.host_service import HostService
from hyperpersonal_core.installations.journal import TurnJournals
from hyperpersonal_core.installations.kv import Kv
from hyperpersonal_core.installations.lifecycle import Lifecycle
from hyperpersonal_core.installations.release_watch import News, ReleaseWatch, tell
from hyperpersonal_core.installations.releases import HeldReleases, ReleaseStore
from hyperpersonal_core.installations.remote_host import RemoteHost
from hyperpersonal_core.installations.sealed import JournalRow
from hyperpersonal_core.installations.secrets import Secrets, seal_open_secrets
from hyperpersonal_core.installations.service import Installations
from hyperpersonal_core.installations.tools import Tools
from hyperpersonal_core.installations.values import Bundle, Installation, NewInstallation
from hyperpersonal_core.memory.documents import Document, read_documents
from hyperpersonal_core.memory.embedding import CachedEmbedder, Embedder
from hyperpersonal_core.memory.facts import Facts, NewFact
from hyperpersonal_core.memory.imports import IMPORT_ATTEMPTS_MAX, IMPORT_JOB, Imports, ImportView
from hyperpersonal_core.memory.knowledge import ArticleView, Imported, Knowledge
from hyperpersonal_core.memory.lexical import Lexicon
from hyperpersonal_core.memory.memory import Memory
from hyperpersonal_core.memory.minilm import MiniLm
from hyperpersonal_core.memory.recall import Recall
from hyperpersonal_core.memory.recalled import RecallAsk, Recalled
from hyperpersonal_core.memory.static import StaticEmbedder
from hyperpersonal_core.models.drafts import DRAFTS, Shown
from hyperpersonal_core.models.none import NoModel
from hyperpersonal_core.models.review import Plugins
from hyperpersonal_core.models.service import Models
from hyperpersonal_core.models.speed import Speed, Speeds
from hyperpersonal_core.models.usage import By, Spent, spent
from hyperpersonal_core.receipts.export import export as export_receipts
from hyperpersonal_core.receipts.exposure import Exposed, Exposures, Served
from hyperpersonal_core.receipts.keys import ReceiptKeys
from hyperpersonal_core.receipts.reading import receipts_after
from hyperpersonal_core.receipts.sealer import ReceiptSealer
from hyperpersonal_core.rollouts.beside import Beside, BesideAsker, BesideService
from hyperpersonal_core.rollouts.evidence import Evidence
from hyperpersonal_core.rollouts.judge import Judge
from hyperpersonal_core.rollouts.records import KINDS as ROLLOUT_KINDS
from hyperpersonal_core.rollouts.records import RolloutRecords, Standing
from hyperpersonal_core.rollouts.shadow import Shadow
from hyperpersonal_core.rollouts.values import METRICS as ROLLOUT_METRICS
from hyperpersonal_core.rollouts.values import (
    Arm,
    Candidate,
    Rollout,
    ShadowReport,
    ShadowTurn,
    Told,
)
from hyperpersonal_core.rollouts.values import Plan as RolloutPlan
from hyperpersonal_core.rollouts.values import Stage as RolloutStage
from hyperpersonal_core.rollouts.watch import RolloutWatch
from hyperpersonal_core.routing.decision import AgentCard, Decision, RouteAsk
from hyperpersonal_core.routing.history import History, Labelled, read_history
from hyperpersonal_core.routing.router import Router
from hyperpersonal_core.routing.rules import Rule, Rules, check_rules
from hyperpersonal_core.routing.understanding import Understanding
from hyperpersonal_core.tenants.service import Tenants
from hyperpersonal_core.tenants.values import Member, NewMember, Role, Tenant
from hyperpersonal_core.turns.backlog import Backlogs
from hyperpersonal_core.turns.history import TurnHistory, TurnView
from hyperpersonal_core.turns.prune import PRUNE_JOB, JournalPruner
from hyperpersonal_core.turns.recorded import RecordedTurn, RecordedTurns
from hyperpersonal_core.turns.services import Services
from hyperpersonal_core.turns.turn import TurnSettings
from hyperpersonal_core.turns.worker import TurnWorker

__all__ = [
    "DRAFTS",
    "IMPORT_ATTEMPTS_MAX",
    "IMPORT_JOB",
    "PRUNE_JOB",
    "ROLLOUT_KINDS",
    "ROLLOUT_METRICS",
    "AgentCard",
    "AgentTerms",
    "Also",
    "Appended",
    "Arm",
    "ArticleView",
    "Backlogs",
    "Beside",
    "BesideAsker",
    "BesideService",
    "Bundle",
    "By",
    "CachedEmbedder",
    "Candidate",
    "ChannelScope",
    "Channels",
    "Composition",
    "Compositions",
    "Contact",
    "ContactDetails",
    "Contacts",
    "Conversation",
    "Decision",
    "Document",
    "Embedder",
    "Escalated",
    "Event",
    "Evidence",
    "Exposed",
    "Exposures",
    "Facts",
    "Handoffs",
    "Heard",
    "HeldReleases",
    "History",
    "HostService",
    "ImportView",
    "Imported",
    "Imports",
    "Inbound",
    "Installation",
    "Installations",
    "JournalPruner",
    "JournalRow",
    "Judge",
    "Knowledge",
    "Kv",
    "Labelled",
    "Lexicon",
    "Lifecycle",
    "Member",
    "Memory",
    "MiniLm",
    "Models",
    "NewChannel",
    "NewFact",
    "NewInstallation",
    "NewMember",
    "NewMessage",
    "News",
    "NoModel",
    "Plugins",
    "Recall",
    "RecallAsk",
    "Recalled",
    "ReceiptKeys",
    "ReceiptSealer",
    "RecordedTurn",
    "RecordedTurns",
    "ReleaseStore",
    "ReleaseWatch",
    "RemoteHost",
    "Role",
    "Rollout",
    "RolloutPlan",
    "RolloutRecords",
    "RolloutStage",
    "RolloutWatch",
    "Route",
    "RouteAsk",
    "Router",
    "Rule",
    "Rules",
    "Scene",
    "Secrets",
    "Served",
    "Services",
    "Shadow",
    "ShadowReport",
    "ShadowTurn",
    "Shown",
    "Speed",
    "Speeds",
    "Spent",
    "Standing",
    "StaticEmbedder",
    "Switch",
    "Taken",
    "Tenant",
    "Tenants",
    "Timeline",
    "Told",
    "Tools",
    "TurnHistory",
    "TurnJournals",
    "TurnSettings",
    "TurnView",
    "TurnWorker",
    "Understanding",
    "cast",
    "check_no_rollout",
    "check_rules",
    "decode_frame",
    "export_receipts",
    "hold_changes",
    "hold_unchanged",
    "nothing_more",
    "parse_inbound",
    "read_documents",
    "read_history",
    "receipts_after",
    "rehearse",
    "seal_open_secrets",
    "spent",
    "tell",
]
