"""A native plugin's wheels: got by hash, read behind the wall, unpacked once, never run."""

import hashlib
import stat
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import repeat
from pathlib import Path
from threading import Barrier
from warnings import catch_warnings, simplefilter

import pytest
from fakes.native import small_wheel, wheel_of, zipped
from hyperpersonal_runtime.calls import SealedRelease
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.process import environment, fetch, unpack
from hyperpersonal_runtime.process.environment import Environments
from hyperpersonal_runtime.process.refusal import EnvironmentRefusedError

TINY = {"tinydep/__init__.py": "WORD = 'tiny'\n"}


@pytest.fixture
def environments(tmp_path: Path) -> Iterator[Environments]:
    made = Environments(tmp_path / "env", find_jail())
    yield made
    made.close()


def release(files: dict[str, bytes], digest: str = "sha256:a") -> SealedRelease:
    own = {"p/__init__.py": b"x = 1\n"}
    return SealedRelease("acme/p", "1.0.0", digest, "p", {**own, **files}, "process")


def vendored(*wheels: tuple[str, bytes]) -> dict[str, bytes]:
    return {f"wheels/{name}": data for name, data in wheels}


def locked(*wheels: tuple[str, bytes], digest: str = "") -> dict[str, bytes]:
    lines = [
        "{}=={} --hash=sha256:{}".format(
            *name.split("-")[:2], digest or hashlib.sha256(data).hexdigest()
        )
        for name, data in wheels
    ]
    return {"requirements.lock": "\n".join(lines).encode()}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from, instead of any network."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def test_that_wheels_of_the_artifact_are_unpacked_and_compiled(environments: Environments) -> None:
    built = environments.of(release(vendored(small_wheel("tinydep", TINY), wheel_of("msgspec"))))
    assert built.site is not None
    assert (built.site / "tinydep" / "__init__.py").read_text() == TINY["tinydep/__init__.py"]
    assert list((built.site / "tinydep" / "__pycache__").glob("*.pyc"))
    assert list((built.site / "msgspec").glob("_core*.so"))
    assert (built.site / "tinydep-1.0.dist-info" / "METADATA").exists()
    assert (built.code / "p" / "__init__.py").read_bytes() == b"x = 1\n"
    assert not (built.code / "wheels").exists()


def test_that_the_same_wheels_are_unpacked_once_for_all(environments: Environments) -> None:
    """By what they hold: another release, another tenant's, with the same wheels has the same."""
    wheel = small_wheel("tinydep", TINY)
    one = environments.of(release(vendored(wheel)))
    two = environments.of(release(vendored(wheel), "sha256:b"))
    assert one.site == two.site
    assert one.code != two.code
    other = small_wheel("tinydep", {"tinydep/__init__.py": "WORD = 'other'\n"})
    assert environments.of(release(vendored(other))).site != one.site


def test_that_a_release_without_wheels_has_none(environments: Environments) -> None:
    assert environments.of(release({})).site is None


def test_that_a_lock_is_fetched_by_hash(environments: Environments, index: Path) -> None:
    wheel = small_wheel("tinydep", TINY)
    (index / wheel[0]).write_bytes(wheel[1])
    built = environments.of(release(locked(wheel)))
    assert built.site is not None
    assert (built.site / "tinydep" / "__init__.py").exists()
    (index / wheel[0]).unlink()
    spaced = locked(wheel)["requirements.lock"].replace(b" --hash", b" \\\n    --hash")
    again = environments.of(release({"requirements.lock": b"# why\n" + spaced}, "sha256:b"))
    assert again.site == built.site, "what is here already needs no network"


def test_that_another_file_under_the_locked_name_is_refused(
    environments: Environments, index: Path
) -> None:
    wheel = small_wheel("tinydep", TINY)
    (index / wheel[0]).write_bytes(wheel[1])
    with pytest.raises(EnvironmentRefusedError, match="not the one of the lock") as refused:
        environments.of(release(locked(wheel, digest="0" * 64)))
    assert refused.value.case == "invalid"


def test_that_metadata_that_grows_fills_no_memory(
    environments: Environments, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip reads a wheel's metadata on our side of the wall; whoever made it chose its size."""
    monkeypatch.setattr(fetch, "MEMORY_BYTES_MAX", 400 << 20)
    grows = entry("bad-1.0.dist-info/METADATA"), b"Name: bad\n" + bytes(300 << 20)
    wheel = bad_wheel(grows, (entry("bad-1.0.dist-info/WHEEL"), b"Wheel-Version: 1.0\n"))
    (index / wheel[0]).write_bytes(wheel[1])
    with pytest.raises(EnvironmentRefusedError) as refused:
        environments.of(release(locked(wheel)))
    assert refused.value.case == "unavailable"


def test_that_a_source_package_is_never_built(environments: Environments, index: Path) -> None:
    """A `setup.py` would be the package's code, run on the host."""
    import tarfile

    setup = b"raise SystemExit('ran')"
    with tarfile.open(index / "tinydep-1.0.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("tinydep-1.0/setup.py")
        entry.size = len(setup)
        archive.addfile(entry, BytesIO(setup))
    packed = (index / "tinydep-1.0.tar.gz").read_bytes()
    with pytest.raises(EnvironmentRefusedError, match="No matching distribution") as refused:
        environments.of(release(locked(("tinydep-1.0-x", packed))))
    assert refused.value.case == "unavailable"


@pytest.mark.parametrize(
    ("files", "case", "words"),
    [
        (vendored(("x-1.0-cp27-cp27m-win32.whl", b"")), "unavailable", "fits cp27-cp27m-win32"),
        (vendored(("x-1.0.tar.gz", b"")), "invalid", "is no wheel's name"),
        (vendored(("x-1.0-py3-none-any.whl", b"no zip")), "invalid", "is no readable wheel"),
        ({"requirements.lock": b"x>=1"}, "invalid", "line 1: 'x>=1' is no pin"),
        ({"requirements.lock": b"--index-url x"}, "invalid", "is no pin"),
        ({"requirements.lock": b"a @ https://x.example/a.whl"}, "invalid", "is no pin"),
        ({"requirements.lock": b"a==1"}, "invalid", "is no pin"),
        ({"requirements.lock": b"\xff"}, "invalid", "decode"),
    ],
)
def test_that_what_does_not_fit_is_told(
    environments: Environments, files: dict[str, bytes], case: str, words: str
) -> None:
    with pytest.raises(EnvironmentRefusedError, match=words) as refused:
        environments.of(release(files))
    assert refused.value.case == case


def entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def bad_wheel(*entries: tuple[zipfile.ZipInfo, bytes]) -> tuple[str, bytes]:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, catch_warnings():
        simplefilter("ignore", UserWarning)  # of a name that is there twice
        for info, data in entries:
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return "bad-1.0-py3-none-any.whl", packed.getvalue()


BAD = {
    "climbs out": (bad_wheel((entry("../evil.py"), b"")), "may not be so named"),
    "is absolute": (bad_wheel((entry("/tmp/evil.py"), b"")), "may not be so named"),
    "climbs out within": (bad_wheel((entry("a/../../evil.py"), b"")), "may not be so named"),
    "has another separator": (bad_wheel((entry("a\\evil.py"), b"")), "may not be so named"),
    "hides a byte": (bad_wheel((entry("a\u202e.py"), b"")), "may not be so named"),
    "is a link": (
        bad_wheel((entry("a", stat.S_IFLNK | 0o777), b"/etc/passwd")), "a link or a device"
    ),
    "is a device": (bad_wheel((entry("a", stat.S_IFCHR), b"")), "a link or a device"),
    "is there twice": (bad_wheel((entry("a.py"), b""), (entry("a.py"), b"x")), "there already"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_that_a_bad_wheel_is_refused_with_its_name(environments: Environments, name: str) -> None:
    wheel, words = BAD[name]
    with pytest.raises(EnvironmentRefusedError, match=words) as refused:
        environments.of(release(vendored(wheel)))
    assert str(refused.value).startswith("bad-1.0-py3-none-any.whl holds")


def test_that_a_bomb_is_stopped_where_it_grows(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "BYTES_MAX", 1 << 20)
    bomb = bad_wheel((entry("zeros"), bytes(64 << 20)))
    assert len(bomb[1]) < 100_000
    with pytest.raises(EnvironmentRefusedError, match="unpacks to more than is allowed"):
        environments.of(release(vendored(bomb)))
    monkeypatch.setattr(environment, "FILES_MAX", 10)
    many = bad_wheel(*((entry(f"f{n}.py"), b"") for n in range(11)))
    with pytest.raises(EnvironmentRefusedError, match="unpacks to more than is allowed"):
        environments.of(release(vendored(many)))


def test_that_only_modules_of_a_data_folder_are_taken(environments: Environments) -> None:
    files = {
        "x-1.0.data/purelib/x/a.py": b"", "x-1.0.data/platlib/x/b.so": b"",
        "x-1.0.data/scripts/run": b"#!", "x.pth": b"import os", "x/c.py": b"",
    }  # fmt: skip
    built = environments.of(release(vendored(("x-1.0-py3-none-any.whl", zipped(files)))))
    assert built.site is not None
    found = {str(path.relative_to(built.site)) for path in built.site.rglob("*") if path.is_file()}
    assert {name for name in found if "__pycache__" not in name} == {"x/a.py", "x/b.so", "x/c.py"}


def test_that_nothing_of_a_package_runs_while_it_is_unpacked(
    environments: Environments, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w')\n"
    files = {"x/__init__.py": code, "x.pth": f"import os; {code}", "setup.py": code}
    environments.of(release(vendored(small_wheel("x", files))))
    assert not mark.exists()


def test_that_what_was_used_last_is_kept(
    environments: Environments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "KEPT_MAX", 2)
    made = []
    for number in range(8):
        made.append(environments.of(release({"n.txt": str(number).encode()}, f"sha256:{number}")))
        time.sleep(0.01)
    left = [one.code for one in made if one.code.exists()]
    assert left == [one.code for one in made[-4:]]
    again = environments.of(release({"n.txt": b"0"}, "sha256:0"))
    assert (again.code / "n.txt").read_bytes() == b"0"
    assert list((tmp_path / "env").glob("build-*")) == []


def test_that_hosts_that_build_the_same_at_once_wait_for_no_hosts_end(tmp_path: Path) -> None:
    hosts = [Environments(tmp_path / "env", find_jail()) for _ in range(4)]
    together = Barrier(len(hosts))

    def take(host: Environments, wanted: SealedRelease) -> Path:
        together.wait()
        return host.of(wanted).code

    with ThreadPoolExecutor(len(hosts)) as threads:
        for number in range(40):
            wanted = release({"n.txt": str(number).encode()}, f"sha256:{number}")
            (code,) = set(threads.map(take, hosts, repeat(wanted)))
            assert (code / "n.txt").read_text() == str(number)
    for host in hosts:
        host.close()


def test_that_what_another_host_uses_is_never_taken_away(
    environments: Environments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = environments.of(release({}, "sha256:used"))
    monkeypatch.setattr(environment, "KEPT_MAX", 1)
    other = Environments(tmp_path / "env", find_jail())
    for number in range(6):
        other.of(release({}, f"sha256:{number}"))
    assert used.code.exists()
    environments.close()
    other.of(release({}, "sha256:more"))
    assert not used.code.exists()
    other.close()


def test_that_a_wheel_goes_where_its_names_say() -> None:
    assert unpack.place_of(entry("a/b.py")) == "a/b.py"
    assert unpack.place_of(entry("a/")) == ""
