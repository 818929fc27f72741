"""A demo that was killed leaves its address behind: commands say so at once, and what to do."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hyperpersonal_sdk.cli.account import registry_url
from hyperpersonal_sdk.demo_client import DemoAwayError, demo_address, running_demo
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_web.cli.market import market
from hyperpersonal_web.cli.rollout import rollout
from hyperpersonal_web.embedded.postgres import HeldPort


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder whose demo is told to answer where nobody listens, and nobody else will."""
    (tmp_path / "demo").mkdir()
    held = HeldPort()
    (tmp_path / "demo" / "address").write_text(f"http://127.0.0.1:{held.number}\n")
    (tmp_path / "demo" / "merchant.json").write_text('{"member_key": "k"}')
    monkeypatch.setenv("HP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path
    held.let_go()


def test_that_commands_say_that_it_does_not_run_and_how_to_start_one(folder: Path) -> None:
    for command, words in ((market, ["installed"]), (rollout, ["status"])):
        done = CliRunner().invoke(command, words)
        assert done.exit_code == 1
        assert "does not run any more" in done.output
        assert "./hp demo" in done.output
        assert "--url" in done.output
    with pytest.raises(BadInputError, match=r"does not run any more.*hp demo.*--registry"):
        registry_url()
    assert registry_url("https://registry.example/") == "https://registry.example"


def test_that_one_that_listens_is_found_and_none_is_told_otherwise(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        (folder / "demo" / "address").write_text(f"{url}\n")
        assert demo_address(folder) == url
        assert running_demo(folder).member_key == "k"
        assert registry_url() == url
    (folder / "demo" / "address").write_text("no address\n")
    with pytest.raises(DemoAwayError, match="does not run any more"):
        demo_address(folder)
    (folder / "demo" / "address").unlink()
    with pytest.raises(DemoAwayError, match="no demo runs here"):
        demo_address(folder)
    with pytest.raises(DemoAwayError, match="no demo runs here"):
        running_demo(None)
