"""The tests' own master keys: the same in every process of a machine, as a deployment's are."""

import os
import tempfile
from pathlib import Path

from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.key_service import LocalKeys
from hyperpersonal_core.kit.vault import Vault


def vault_of(db: Database) -> Vault:
    """A vault of its own (nothing is held in common) under the tests' master key."""
    folder = Path(tempfile.gettempdir()) / f"hyperpersonal-test-keys-{os.getuid()}"
    return Vault(db, LocalKeys(folder / "master.keys"), SystemClock())
