"""What a native plugin may bring along, and how a lock is read."""

import hashlib
import re

import pytest
from fakes.native import small_wheel, wheel_of, zipped
from hyperpersonal_sdk import checks, hpx, wheels
from hyperpersonal_sdk.cli import TEMPLATES
from hyperpersonal_sdk.errors import ArchiveError, CheckFailedError
from hyperpersonal_sdk.wheels import Pin, WheelError
from hypothesis import given
from hypothesis import strategies as st

TEMPLATE = hpx.collect(TEMPLATES / "shared") | hpx.collect(TEMPLATES / "native")
WITHOUT = {path: data for path, data in TEMPLATE.items() if path != "requirements.lock"}
GUEST = hpx.collect(TEMPLATES / "agent")
DIGEST = "0" * 64
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)
PINS = st.lists(
    st.builds(
        Pin,
        NAMES,
        st.sampled_from(["1.0", "2!1.0.post1", "3.0rc1", "1.0+local"]),
        st.lists(
            st.binary(min_size=1).map(lambda data: hashlib.sha256(data).hexdigest()),
            min_size=1, max_size=3, unique=True,
        ).map(tuple),
    ),
    max_size=5,
    unique_by=lambda pin: pin.name,
)  # fmt: skip


def check(files: dict[str, bytes]) -> None:
    checks.check(hpx.unpack(hpx.pack(files)))


def test_that_the_template_and_its_wheels_pass() -> None:
    check(TEMPLATE)
    name, data = wheel_of("msgspec")
    check({**WITHOUT, f"wheels/{name}": data})


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({**GUEST, "requirements.lock": b""}, "only for kind = 'process'"),
        ({**GUEST, "wheels/a-1-py3-none-any.whl": b""}, "only for kind = 'process'"),
        ({**TEMPLATE, "wheels/a-1-py3-none-any.whl": b""}, "take either"),
        ({**WITHOUT, "wheels/readme.md": b""}, "is no wheel's name"),
        ({**WITHOUT, "wheels/a-1-py3-none-any.whl": b"x"}, "is no zip"),
        ({**WITHOUT, "wheels/a-1-py3-none-any.whl": zipped({"a.py": b""})}, "a-1.dist-info"),
        ({**WITHOUT, "wheels/a-1-py3-none-any.whl": small_wheel("b", {})[1]}, "a-1.dist-info"),
        ({**WITHOUT, "requirements.lock": b"a>1"}, "is no pin"),
        ({**WITHOUT, "requirements.lock": b"\xff"}, "decode"),
    ],
)
def test_that_anything_else_is_refused(files: dict[str, bytes], words: str) -> None:
    with pytest.raises(CheckFailedError, match=re.escape(words)) as refused:
        check(files)
    assert refused.value.code == "bad_wheels"


def test_that_two_of_one_distribution_are_refused() -> None:
    two = ["wheels/A_b-1-py3-none-any.whl", "wheels/a.B-2-py3-none-any.whl"]
    with pytest.raises(WheelError, match="a-b is there twice"):
        wheels.of_files(two)
    with pytest.raises(WheelError, match="a-b is there twice"):
        wheels.parse_lock(f"a_b==1 --hash=sha256:{DIGEST}\nA-B==2 --hash=sha256:{DIGEST}")


def test_that_only_wheels_may_be_large() -> None:
    wheel = b"\0" * (hpx.FILE_BYTES_MAX + 1)
    hpx.pack({**WITHOUT, "wheels/a-1-py3-none-any.whl": wheel})
    with pytest.raises(ArchiveError, match=r"large\.bin has more than"):
        hpx.pack({**WITHOUT, "large.bin": wheel})
    with pytest.raises(ArchiveError, match="has more than 16777216"):
        hpx.pack({**WITHOUT, "wheels/a-1-py3-none-any.whl": b"\0" * (hpx.WHEEL_BYTES_MAX + 1)})


@pytest.mark.parametrize(
    "line",
    [
        "a", "a==1", "a>=1", "a==1 --hash=md5:0", f"a=={'1'} --hash=sha256:{'0' * 63}",
        f"a==1 --hash=sha256:{DIGEST} --index-url=x", "-r other.txt", "-e .", "--find-links .",
        f"a @ file:///x --hash=sha256:{DIGEST}", f"a[extra]==1 --hash=sha256:{DIGEST}",
        f"a==1;python_version>'3' --hash=sha256:{DIGEST}", f"a==* --hash=sha256:{DIGEST}",
        f"a==1 --hash=sha256:{DIGEST} \\", f"a==1 --hash=sha256:{DIGEST.replace('0', 'A')}",
    ],
)  # fmt: skip
def test_that_a_line_with_anything_more_or_less_is_refused(line: str) -> None:
    if line.endswith("\\"):
        line += "\nb"
    with pytest.raises(WheelError, match=r"requirements\.lock line 2"):
        wheels.parse_lock("# a comment\n" + line)


def test_that_a_lock_is_bounded() -> None:
    lines = "\n".join(f"p{n}==1 --hash=sha256:{DIGEST}" for n in range(wheels.PINS_MAX + 1))
    with pytest.raises(WheelError, match="at most 100 pins"):
        wheels.parse_lock(lines)


@given(PINS)
def test_that_a_written_lock_reads_as_it_was(pins: list[Pin]) -> None:
    read = wheels.parse_lock(wheels.written_lock(pins))
    assert {(p.name, p.version, frozenset(p.hashes)) for p in read} == {
        (p.name, p.version, frozenset(p.hashes)) for p in pins
    }
    assert wheels.written_lock(reversed(read)) == wheels.written_lock(pins)


def test_that_a_wheels_name_tells_where_it_fits() -> None:
    wheel = wheels.read_name("Some_Name-1.0-2build-cp311.cp312-abi3-linux_x86_64.manylinux1.whl")
    assert (wheel.name, wheel.version) == ("some-name", "1.0")
    assert "cp312-abi3-manylinux1" in wheel.tags
    assert len(wheel.tags) == 4
