"""`hp plugin`: the author's commands, from the SDK, with the data folder of this checkout."""

from hyperpersonal_sdk.cli import plugin

from hyperpersonal_web.paths import data_folder

__all__ = ["plugin"]

plugin.context_settings["obj"] = data_folder()
