"""pluggy is the trusted, in-process side: operators extend the host by these hooks, on this page.

An operator's package names its module under the entry point group `hyperpersonal.host` and marks
its functions with `hookimpl`. Merchants' plugins never come here: they run in sandboxes.
"""

from typing import Any

import pluggy

PROJECT = "hyperpersonal_host"
ENTRY_POINTS = "hyperpersonal.host"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HostHooks:
    """What an operator may replace. Each is called once, at start."""

    @hookspec(firstresult=True)
    def embedder(self) -> Any:
        """The deployment's embedder (`memory.embedding.Embedder`); None keeps the built-in one.

        One per deployment: stored vectors depend on it, and a new one takes a re-import.
        """

    @hookspec(firstresult=True)
    def key_service(self) -> Any:
        """Who wraps the tenants' keys (`kit.key_service.KeyService`), such as a cloud's key
        management service; None keeps the master keys in a file of the data folder."""


def open_hooks(*modules: object) -> pluggy.PluginManager:
    """The installed operator extensions, and `modules` besides."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HostHooks)
    manager.load_setuptools_entrypoints(ENTRY_POINTS)
    for module in modules:
        manager.register(module)
    manager.check_pending()
    return manager
