"""A reviewer reads what really changed, and is told what is not shown."""

from hyperpersonal_registry.reviews import source_diff
from hyperpersonal_sdk.hpx import Archive

TOML = b'id = "acme/hello"\n'


def archive(**files: bytes) -> Archive:
    named = {name.replace("__", "/") + ".py": data for name, data in files.items()}
    return Archive("sha256:0", {"plugin.toml": TOML, **named})


def test_that_only_what_differs_is_shown() -> None:
    old = archive(a=b"one\ntwo\nthree\n", b=b"same", c=b"gone")
    new = archive(a=b"one\n2\nthree\n", b=b"same", d=b"new")
    found = source_diff.compare(old, new)
    assert [(f.path, f.change) for f in found.files] == [
        ("a.py", "changed"), ("c.py", "removed"), ("d.py", "added"),
    ]  # fmt: skip
    assert "-two" in found.files[0].lines
    assert "+2" in found.files[0].lines
    assert found.files[1].lines == ("-gone",)
    assert found.files[2].lines == ("+new",)


def test_that_a_first_release_is_shown_whole() -> None:
    found = source_diff.compare(None, archive(a=b"one\ntwo"))
    assert found.files[0].lines == ("+one", "+two")


def test_that_hidden_characters_are_written_out() -> None:
    code = "if admin:\u202e # \U000e0041\u200b\x1b[2K done".encode()
    (found,) = source_diff.compare(archive(), archive(a=code)).files
    assert found.hidden
    assert found.lines == ("+if admin:\\u202e # \\U000e0041\\u200b\\u001b[2K done",)


def test_that_honest_letters_of_any_language_stay() -> None:
    (found,) = source_diff.compare(archive(), archive(a="\tgrüße = '日本'".encode())).files
    assert (found.lines, found.hidden) == (("+\tgrüße = '日本'",), False)


def test_that_what_is_no_text_is_told_by_size_and_hash() -> None:
    (found,) = source_diff.compare(archive(a=b"\0old"), archive(a=b"\xff\xfe")).files
    assert not found.lines
    assert found.note.startswith("4 bytes, sha256 ")
    assert "2 bytes" in found.note


def test_that_a_cap_is_told_and_never_hides_a_later_file() -> None:
    long = b"\n".join(b"x%d" % n for n in range(source_diff.FILE_LINES_MAX + 7))
    found = source_diff.compare(archive(), archive(a=long, b=b"evil"))
    assert found.files[0].left_out == 7
    assert found.left_out == 7
    assert found.files[1].lines == ("+evil",)
    wide = source_diff.compare(archive(), archive(a=b"y" * 5_000)).files[0].lines[0]
    assert wide.endswith("(5001 characters)")


def test_that_all_files_together_are_bounded() -> None:
    long = b"\n".join(b"%d" % n for n in range(source_diff.FILE_LINES_MAX))
    many = {f"f{n:02}": long + b"\n%d" % n for n in range(12)}
    found = source_diff.compare(archive(), archive(**many))
    assert sum(len(f.lines) for f in found.files) == source_diff.LINES_MAX
    assert found.left_out == 12 * (source_diff.FILE_LINES_MAX + 1) - source_diff.LINES_MAX
    assert len(found.files) == 12
