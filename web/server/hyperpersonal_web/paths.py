"""Where the workspace is, and where it keeps what it makes."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hyperpersonal_core.kit.settings import Settings

ROOT = Path(__file__).parents[3]
WIDGET = ROOT / "web" / "widget"
PLUGINS = ROOT / "plugins"


def data_folder() -> Path:
    """The data folder of a command that wants nothing else of the settings: reading all of those
    takes seconds."""
    return ROOT / os.environ.get("HP_DATA_DIR", ".hp")


def beside_checkout(settings: "Settings") -> "Settings":
    """The settings with the data folder beside the checkout unless it is named absolutely."""
    from msgspec import structs

    if settings.data_dir.is_absolute():
        return settings
    return structs.replace(settings, data_dir=ROOT / settings.data_dir)
