"""One master key for the tests of this machine, as a deployment has one for all its processes."""

import os
import tempfile
from functools import cache
from pathlib import Path

from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.key_service import LocalKeys
from hyperpersonal_core.kit.vault import Vault


def vault_of(db: Database) -> Vault:
    """A vault that has nothing in memory yet."""
    return Vault(db, _service(), SystemClock())


@cache
def _service() -> LocalKeys:
    folder = Path(tempfile.gettempdir()) / f"hyperpersonal-test-keys-{os.getuid()}"
    return LocalKeys(folder / "master.keys")
