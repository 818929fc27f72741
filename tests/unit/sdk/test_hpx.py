import hashlib
import json
import struct
from pathlib import Path

import pytest
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.errors import ArchiveError
from hypothesis import given
from hypothesis import strategies as st

MANIFEST = {"plugin.toml": b'id = "acme/x"\n'}

segments = st.from_regex(r"[a-z0-9_][a-z0-9_-]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"con", "prn", "aux", "nul"} and name[:3] not in {"com", "lpt"}
)
paths = st.lists(segments, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".py")
trees = st.dictionaries(paths, st.binary(max_size=200), max_size=8).map(lambda f: {**f, **MANIFEST})


@given(trees)
def test_that_an_archive_gives_back_its_files(files: dict[str, bytes]) -> None:
    archive = hpx.unpack(hpx.pack(files))
    assert archive.files == files
    assert archive.digest == hpx.digest_of(files)


@given(trees, st.randoms(use_true_random=False))
def test_that_the_order_of_the_sources_does_not_show(files: dict[str, bytes], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(files.items())
    random.shuffle(shuffled)
    assert hpx.pack(dict(shuffled)) == hpx.pack(files)


@given(trees, st.data())
def test_that_any_altered_byte_is_refused_or_another_digest(
    files: dict[str, bytes], data: st.DataObject
) -> None:
    archive = bytearray(hpx.pack(files))
    at = data.draw(st.integers(0, len(archive) - 1))
    archive[at] ^= data.draw(st.integers(1, 255))
    try:
        unpacked = hpx.unpack(bytes(archive))
    except ArchiveError:
        return
    assert unpacked.digest != hpx.digest_of(files)


@given(st.binary(max_size=300))
def test_that_rubbish_is_refused_and_nothing_else_happens(rubbish: bytes) -> None:
    with pytest.raises(ArchiveError):
        hpx.unpack(rubbish)
    with pytest.raises(ArchiveError):
        hpx.unpack(hpx.MAGIC + rubbish)


def test_that_the_bytes_are_the_same_on_every_machine() -> None:
    archive = hpx.pack({**MANIFEST, "hello/__init__.py": b"plugin = None\n", "README.md": b""})
    assert hashlib.sha256(archive).hexdigest() == (
        "28c8de180ab1e06f9a4c61da4551839ca01926522b9bbf8c158023c2ba7fabab"
    )


def bad(index: object, body: bytes = b"", magic: bytes = hpx.MAGIC) -> bytes:
    text = index if isinstance(index, bytes) else canonical(index)
    return struct.pack(">6sI", magic, len(text)) + text + body


def canonical(index: object) -> bytes:
    return json.dumps(index, sort_keys=True, separators=(",", ":")).encode()


def entry(data: bytes = b"", **changed: object) -> dict[str, object]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), **changed}


def index_of(**files: dict[str, object]) -> dict[str, object]:
    return {"files": {"plugin.toml": entry(), **files}, "format": "hpx/1"}


BAD_ARCHIVES = {
    "empty": (b"", "not_hpx"),
    "a zip": (b"PK\x03\x04" + b"\0" * 40, "not_hpx"),
    "only the magic": (hpx.MAGIC, "not_hpx"),
    "another version": (bad(index_of(), magic=b"HPX/2\n"), "not_hpx"),
    "index not JSON": (bad(b"{"), "bad_index"),
    "index longer than the archive": (struct.pack(">6sI", hpx.MAGIC, 9999) + b"{}", "bad_index"),
    "index of another shape": (bad({"files": []}), "bad_index"),
    "index with more keys": (bad({**index_of(), "links": {}}), "bad_index"),
    "index of another format": (bad({**index_of(), "format": "hpx/9"}), "not_canonical"),
    "index with spaces": (bad(json.dumps(index_of()).encode()), "not_canonical"),
    "index with a path twice": (
        bad(
            canonical(index_of()).replace(
                b'{"plugin.toml":', b'{"plugin.toml":' + canonical(entry(b"x")) + b',"plugin.toml":'
            )
        ),
        "not_canonical",
    ),
    "bytes altered": (bad(index_of(**{"a.py": entry(b"one")}), b"two"), "not_canonical"),
    "digest altered": (
        bad(index_of(**{"a.py": entry(b"one", sha256="0" * 64)}), b"one"),
        "not_canonical",
    ),
    "too short": (bad(index_of(**{"a.py": entry(b"one")}), b"on"), "bad_length"),
    "bytes left over": (bad(index_of(), b"x"), "bad_length"),
    "negative size": (bad(index_of(**{"a.py": entry(size=-1)})), "not_canonical"),
    "size beyond all bounds": (bad(index_of(**{"a.py": entry(size=1 << 62)})), "bad_length"),
    "too large": (b"\0" * (hpx.ARCHIVE_BYTES_MAX + 1), "too_large"),
    "no manifest": (bad({"files": {"a.py": entry()}, "format": "hpx/1"}), "no_manifest"),
}


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_that_a_bad_archive_is_refused_with_its_reason(name: str) -> None:
    archive, code = BAD_ARCHIVES[name]
    with pytest.raises(ArchiveError) as refused:
        hpx.unpack(archive)
    assert refused.value.code == code


BAD_PATHS = {
    "../escape.py": "bad_path",
    "/etc/passwd": "bad_path",
    "a/../../b.py": "bad_path",
    "a/./b.py": "bad_path",
    "a//b.py": "bad_path",
    "a\\b.py": "bad_path",
    "C:/x.py": "bad_path",
    ".hidden": "bad_path",
    "a/.git/config": "bad_path",
    "ends.": "bad_path",
    "with space.py": "bad_path",
    "new\nline.py": "bad_path",
    "nul\0.py": "bad_path",
    "caf\u00e9.py": "bad_path",
    "cafe\u0301.py": "bad_path",
    "p\u0430th.py": "bad_path",  # Cyrillic а
    "zero\u200bwidth.py": "bad_path",
    "con.py": "bad_path",
    "a/LPT1": "bad_path",
    "": "bad_path",
    "x" * 201: "path_too_long",
    "/".join("abcdefghijklm"): "path_too_long",
    "Plugin.toml": "collision",
    "plugin.toml/x.py": "collision",
}


@pytest.mark.parametrize("path", BAD_PATHS)
def test_that_a_bad_path_is_refused_in_and_out(path: str) -> None:
    with pytest.raises(ArchiveError) as refused:
        hpx.pack({**MANIFEST, path: b""})
    assert refused.value.code == BAD_PATHS[path]
    with pytest.raises(ArchiveError) as refused:
        hpx.unpack(bad({"files": {"plugin.toml": entry(), path: entry()}, "format": "hpx/1"}))
    assert refused.value.code == BAD_PATHS[path]


def test_that_folders_may_not_differ_by_case_alone() -> None:
    with pytest.raises(ArchiveError, match="same on some disks"):
        hpx.pack({**MANIFEST, "Pkg/a.py": b"", "pkg/b.py": b""})


def test_that_count_and_sizes_are_capped() -> None:
    with pytest.raises(ArchiveError, match="more than 1000 files"):
        hpx.pack({**MANIFEST, **{f"f{n}": b"" for n in range(hpx.FILES_MAX)}})
    with pytest.raises(ArchiveError, match="big has more than"):
        hpx.pack({**MANIFEST, "big": b"\0" * (hpx.FILE_BYTES_MAX + 1)})
    with pytest.raises(ArchiveError) as refused:
        hpx.pack({**MANIFEST, **{f"f{n}": b"\0" * hpx.FILE_BYTES_MAX for n in range(4)}})
    assert refused.value.code == "too_large"


def test_that_a_folder_gives_its_sources_without_tests_and_caches(tmp_path: Path) -> None:
    for name in ("plugin.toml", "pkg/a.py", "pkg/tests/kept.py", "tests/t.py", "dist/x.hpx",
                 "pkg/__pycache__/a.pyc", ".git/config", "old.hpx"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert sorted(hpx.collect(tmp_path)) == ["pkg/a.py", "pkg/tests/kept.py", "plugin.toml"]


def test_that_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plugin.toml").write_text("")
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(ArchiveError) as refused:
        hpx.collect(tmp_path)
    assert refused.value.code == "link"
