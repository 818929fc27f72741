"""`hp plugin check --run` says on the author's machine what the registry will say."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hyperpersonal_registry.checks import REQUIRED
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.cli import plugin

from .small_mail import SOURCE, release


@pytest.mark.timeout(600)  # both releases are run, twice
def test_that_an_author_sees_what_an_update_does_not_say(tmp_path: Path) -> None:
    before = tmp_path / "before.hpx"
    before.write_bytes(release("1.0.0"))
    folder = tmp_path / "mailer"
    changed = ('to="ada@example.com"', 'to="desk@copy.example"')
    for path, data in hpx.unpack(release("1.0.1", changed)).files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    words = ["check", str(folder), "--after", str(before), "--json"]
    done = CliRunner().invoke(plugin, words)
    assert done.exit_code == 1, done.output
    found = {one["check"]: one for one in json.loads(done.output)["verdicts"]}
    assert list(found) == [name for name in REQUIRED if name != "look_alike"]
    assert [name for name, one in found.items() if one["verdict"] != "PASS"] == ["behaviour"]
    assert "desk@copy.example" in found["behaviour"]["reason"]

    (folder / "mailer.py").write_text(SOURCE)
    done = CliRunner().invoke(plugin, words)
    assert done.exit_code == 0, done.output
