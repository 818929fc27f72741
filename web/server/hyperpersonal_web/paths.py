"""Where the workspace is, and where it keeps what it makes."""

from pathlib import Path

ROOT = Path(__file__).parents[3]
WIDGET = ROOT / "web" / "widget"
PLUGINS = ROOT / "plugins"
