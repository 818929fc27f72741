"""Where the workspace is, and where it keeps what it makes."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[3]
WIDGET = ROOT / "web" / "widget"
PLUGINS = ROOT / "plugins"


def data_folder() -> Path:
    """The data folder of a command that wants nothing else of the settings: reading all of those
    takes seconds."""
    return ROOT / os.environ.get("HP_DATA_DIR", ".hp")
