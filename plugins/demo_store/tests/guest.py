"""Loads the plugin as the guest does: its folder first on the path, one fresh import."""

import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1]
PLUGIN_TOML = FOLDER / "plugin.toml"


def load_plugin() -> Any:
    """The `plugin` that the entry module binds."""
    if str(FOLDER) not in sys.path:
        sys.path.insert(0, str(FOLDER))
    import hyperpersonal_plugin_demo_store

    return hyperpersonal_plugin_demo_store.plugin
