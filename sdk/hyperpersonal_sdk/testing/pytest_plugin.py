"""The pytest plugin for authors. Loaded in every pytest run, so it imports nothing until asked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hyperpersonal_sdk.testing.sandbox import PluginSandbox, Sandboxes

SLOW_SECONDS = 4.0
SLOW = " (building the sandbox, once for this folder: about a minute) "


@pytest.fixture(scope="session")
def hyperpersonal_sandboxes() -> "Iterator[Sandboxes]":
    """One running sandbox for each plugin folder that has tests, closed at the end."""
    from hyperpersonal_sdk.testing.sandbox import Sandboxes

    opened = Sandboxes()
    yield opened
    opened.close()


@pytest.fixture
def sandbox(
    request: pytest.FixtureRequest, hyperpersonal_sandboxes: "Sandboxes"
) -> "PluginSandbox":
    """The plugin whose folder holds this test, in its real sandbox, with all it asks granted and
    nothing outside: set `sandbox.tools`, `.passages`, `.facts` and so on as the test needs. A
    component that cannot be built here, for want of its tools, skips the test."""
    from hyperpersonal_sdk.build import ToolsMissingError

    try:
        with _told_when_slow(request.config):
            return hyperpersonal_sandboxes.of(request.path)
    except ToolsMissingError as error:
        pytest.skip(str(error))


@contextmanager
def _told_when_slow(config: pytest.Config) -> Iterator[None]:
    """The first sandbox of a folder is compiled: nobody should think that the tests hang."""
    writer = config.get_terminal_writer()
    capture = config.pluginmanager.getplugin("capturemanager")
    timer = threading.Timer(SLOW_SECONDS, lambda: writer.write(SLOW, flush=True))
    timer.start()
    try:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            yield  # what is captured nobody sees
    finally:
        timer.cancel()
