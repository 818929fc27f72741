"""`hp plugin`: the author's commands, from the SDK, with the data folder of this checkout."""

import os

from hyperpersonal_sdk.cli import plugin

from hyperpersonal_web.paths import ROOT

__all__ = ["plugin"]

plugin.context_settings["obj"] = ROOT / os.environ.get("HP_DATA_DIR", ".hp")
