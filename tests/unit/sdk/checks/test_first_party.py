"""No rule cries over what is known to be honest: our own plugins, and what `init` writes."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hyperpersonal_sdk import checks, hpx
from hyperpersonal_sdk.checks.reading import COMPONENT
from hyperpersonal_sdk.cli import plugin
from hyperpersonal_sdk.hpx import Archive

ROOT = Path(__file__).parents[4]
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/plugin.toml"))
TEMPLATES = sorted(
    path.parent.name
    for path in (ROOT / "sdk" / "hyperpersonal_sdk" / "templates").glob("*/plugin.toml")
)
TODAY = date(2026, 11, 22)


def faults(folder: Path) -> list[checks.Finding]:
    files = hpx.collect(folder)
    made = Archive(hpx.digest_of(files), files)
    if made.manifest.runtime.kind == "component":  # built where its tools are
        files = {made.manifest.entry: COMPONENT, **files}
    given = Archive(hpx.digest_of(files), files)
    return [one for one in checks.run(given, today=TODAY) if one.verdict != "PASS"]  # type: ignore[misc]


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_that_our_own_plugins_pass(folder: Path) -> None:
    assert faults(folder) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_that_what_init_writes_passes(template: str, tmp_path: Path) -> None:
    into = tmp_path / "made"
    words = ["init", "acme/parcel_finder", "--template", template, "--into", str(into)]
    done = CliRunner().invoke(plugin, words)
    assert done.exit_code == 0, done.output
    assert faults(into) == []
