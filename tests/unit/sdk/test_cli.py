import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.cli import plugin


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(plugin, list(arguments), catch_exceptions=False)


def right(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def wrong(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return result.output


def test_that_an_author_gets_from_nothing_to_a_signed_archive(here: Path) -> None:
    assert "ready" in right("init", "acme/parcel-finder")
    told = right("check", "parcel-finder")
    assert "acme/parcel-finder 0.1.0" in told
    assert "asks tool:commerce.orders.read" in told
    packed = here / "parcel-finder/dist/parcel-finder-0.1.0.hpx"
    assert hpx.digest_of(hpx.collect(here / "parcel-finder")) in right("pack", "parcel-finder")
    assert hpx.unpack(packed.read_bytes()).manifest.id == "acme/parcel-finder"
    public = right("keys", "new", "--key", "k").split()[-1]
    assert public in right("keys", "show", "--key", "k")
    right("sign", str(packed), "--key", "k")
    assert "right: acme/parcel-finder 0.1.0" in right("verify", str(packed), "--public", public)


def test_that_the_new_plugin_carries_its_own_names(here: Path) -> None:
    right("init", "acme/parcel_finder", "--into", "there")
    assert (here / "there/hyperpersonal_plugin_parcel_finder/__init__.py").is_file()
    texts = [path.read_text() for path in (here / "there").rglob("*") if path.is_file()]
    assert not any("order_status" in text.replace('name = "order_status"', "") for text in texts)


def test_that_a_native_plugin_starts_right(here: Path) -> None:
    right("init", "acme/parcel_finder", "--template", "native")
    assert "acme/parcel_finder 0.1.0" in right("check", "parcel_finder")
    assert "parcel_finder-0.1.0.hpx" in right("pack", "parcel_finder")
    (here / "parcel_finder" / "requirements.lock").write_text("msgspec>=0.22")
    assert "line 1: 'msgspec>=0.22' is no pin" in wrong("check", "parcel_finder")


@pytest.mark.parametrize("name", ["acme", "Acme/x", "acme/", "/x", "acme/a b", "../x/y"])
def test_that_a_wrong_id_is_refused(here: Path, name: str) -> None:
    assert "publisher/name" in wrong("init", name)
    assert list(here.iterdir()) == []


def test_that_nothing_is_written_over(here: Path) -> None:
    right("init", "acme/x")
    assert "not empty" in wrong("init", "acme/x")
    right("keys", "new", "--key", "k")
    assert "never written over" in wrong("keys", "new", "--key", "k")


def test_that_a_key_is_its_owners_alone(here: Path) -> None:
    right("keys", "new", "--key", "deep/k")
    key = here / "deep/k"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o644)
    assert "chmod 600" in wrong("keys", "show", "--key", "deep/k")
    key.chmod(0o600)
    key.write_text("rubbish")
    assert "is no private key" in wrong("keys", "show", "--key", "deep/k")
    assert "there is no key at" in wrong("keys", "show", "--key", "none")


def test_that_faults_are_told_with_their_place(here: Path) -> None:
    right("init", "acme/x")
    manifest = here / "x/plugin.toml"
    manifest.write_text(manifest.read_text().replace('version = "0.1.0"', 'version = "one"'))
    assert "plugin.toml line 4, version: 'one' will not do" in wrong("check", "x")
    assert wrong("check", "x").count("line 4") == 1, "a place is told once"
    assert "line 4" in wrong("pack", "x")
    manifest.unlink()
    assert "there is no plugin.toml" in wrong("check", "x")


def test_that_broken_sources_are_told(here: Path) -> None:
    right("init", "acme/x")
    (here / "x/hyperpersonal_plugin_x/more.py").write_text("def broken(:\n")
    assert "hyperpersonal_plugin_x/more.py" in wrong("check", "x")


def test_that_verification_tells_what_is_wrong(here: Path) -> None:
    right("init", "acme/x")
    right("pack", "x", "--out", "x.hpx")
    public = right("keys", "new", "--key", "k").split()[-1]
    other = right("keys", "new", "--key", "other").split()[-1]
    assert "there is no signature" in wrong("verify", "x.hpx", "--public", public)
    right("sign", "x.hpx", "--key", "k")
    assert "no key of ours" in wrong("verify", "x.hpx", "--public", other)
    assert "64 hex digits" in wrong("verify", "x.hpx", "--public", "abc")
    (here / "x/README.md").write_text("changed")
    right("pack", "x", "--out", "x.hpx")
    assert "signed was" in wrong("verify", "x.hpx", "--public", public)
    assert "no .hpx archive" in wrong("sign", "x/README.md", "--key", "k")


def test_that_a_plugin_without_tests_says_so(here: Path) -> None:
    (here / "x").mkdir()
    assert "there is no plugin.toml in x" in wrong("test", "x")
    (here / "x/plugin.toml").touch()
    assert "there is no folder x/tests" in wrong("test", "x")
