"""Where a deployment's keys are: the master keys behind the vault, and those that sign receipts."""

from pathlib import Path

from hyperpersonal_core.api import ReceiptKeys
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.hooks import open_hooks
from hyperpersonal_core.kit.key_service import LocalKeys
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_core.kit.vault import Vault

MASTER_KEYS = "master.keys"
RECEIPT_KEYS = "receipt.keys"


def open_vault(settings: Settings, db: Database, clock: Clock) -> Vault:
    """Seals tenants' rows under the operator's key service, or under master keys in a file.

    Raises:
        RefusedError: others can read that file.
    """
    service = open_hooks().hook.key_service()
    path = Path(settings.keys_file or settings.data_dir / MASTER_KEYS)
    return Vault(db, service or LocalKeys(path), clock)


def receipt_keys(settings: Settings) -> ReceiptKeys:
    """The keys that receipts are signed with, beside the master keys.

    Raises:
        RefusedError: others can read the file.
    """
    folder = Path(settings.keys_file).parent if settings.keys_file else settings.data_dir
    return ReceiptKeys(folder / RECEIPT_KEYS)
