"""`hp plugin`: the author's commands, from the SDK, with the data folder of this checkout."""

from hyperpersonal_sdk.cli import plugin

from hyperpersonal_web.cli.database import own_settings

__all__ = ["plugin"]

plugin.context_settings["obj"] = own_settings().data_dir
