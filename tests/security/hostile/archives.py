"""Archives that lie about what is inside: paths, links, sizes, names, encodings, sources."""

import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any

from fakes.publishing import CODE, manifest
from hyperpersonal_sdk import hpx
from security.hostile.attack import Attack, Refusal, publish

MANIFEST = manifest("mallory/p").encode()
GOOD = {"plugin.toml": MANIFEST, "hello.py": CODE.encode()}
DEEP_SOURCE = b"x = " + b"-" * 100_000 + b"1\nplugin = x\n"


def raw(index: Any, body: bytes, length: int | None = None, magic: bytes = b"HPX/1\n") -> bytes:
    """An archive written by hand. `index`: JSON-able, or the very bytes."""
    data = index if isinstance(index, bytes) else _json(index)
    return magic + struct.pack(">I", len(data) if length is None else length) + data + body


def entry(data: bytes, **lies: Any) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} | lies


def index_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    return {"files": {path: entry(data) for path, data in files.items()}, "format": "hpx/1"}


def lying(path: str, **lies: Any) -> bytes:
    """The good archive with a lie about one file."""
    index = index_of(GOOD)
    index["files"][path] |= lies
    return raw(index, body_of(GOOD))


def body_of(files: Mapping[str, bytes]) -> bytes:
    return b"".join(files[path] for path in sorted(files))


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def by_hand(name: str, tries: str, archive: bytes, reason: str, words: str = "") -> Attack:
    """Bytes no honest tool would write, signed over whatever digest they seem to have."""
    return Attack(name=f"archive: {name}", tries=tries, refused=publish(reason, words),
                  archive=archive, blind=True)  # fmt: skip


def path(name: str, bad: str, reason: str = "bad_path") -> list[Attack]:
    """A path both when packing and, written by hand, when publishing."""
    files = GOOD | {bad: b"x"}
    tries = "a file elsewhere on the host"
    return [
        Attack(name=f"archive: {name}, packed", tries=tries, refused=Refusal("pack", reason),
               files=files),
        by_hand(f"{name}, by hand", tries, raw(index_of(files), body_of(files)), reason),
    ]  # fmt: skip


def source(name: str, tries: str, reason: str, words: str = "", **files: bytes) -> Attack:
    """A well-formed archive whose content will not do; names: `a__b` is `a/b.py`."""
    named = {f"{module.replace('__', '/')}.py": data for module, data in files.items()}
    return Attack(name=f"archive: {name}", tries=tries, refused=publish(reason, words),
                  files={"hello.py": CODE.encode()} | named)  # fmt: skip


ATTACKS = [
    *path("a path upwards", "../../etc/cron.d/x"),
    *path("an absolute path", "/etc/passwd"),
    *path("a path with dots inside", "a/../../x"),
    *path("a backslash", "a\\..\\x"),
    *path("a drive", "C:x"),
    *path("a hidden file", ".ssh/authorized_keys"),
    *path("a device", "con.py"),
    *path("an empty part", "a//b"),
    *path("a NUL", "a\x00b"),
    *path("a look-alike letter", "h\u0435llo.py"),
    *path("a combining accent", "cafe\u0301.py"),
    *path("a character that turns the text round", "a\u202eyp.py"),
    *path("another case of the same name", "HELLO.py", "collision"),
    *path("a file that is a folder too", "hello.py/x", "collision"),
    *path("a path of 300 characters", "a" * 300, "path_too_long"),
    *path("a path of 30 folders", "a/" * 30 + "x", "path_too_long"),
    by_hand("one name twice", "two readers that see two plugins",
            raw(_json(index_of(GOOD)).replace(
                b'"hello.py":', b'"hello.py":{"sha256":"","size":0},"hello.py":', 1),
                body_of(GOOD)), "not_canonical"),
    by_hand("bytes behind the end", "a second archive inside", hpx.pack(GOOD) + b"PK\x03\x04",
            "bad_length"),
    by_hand("bytes cut off", "a reader over the end", hpx.pack(GOOD)[:-1], "bad_length"),
    by_hand("a size too large", "a bomb", lying("hello.py", size=1 << 60), "bad_length"),
    by_hand("a size below nought", "bytes twice", lying("hello.py", size=-5), "bad_length"),
    by_hand("sizes moved", "another file's bytes",
            lying("hello.py", size=len(GOOD["hello.py"]) - 1), "bad_length"),
    by_hand("a digest of other bytes", "bytes nobody signed",
            lying("hello.py", sha256="0" * 64), "not_canonical", "bytes of hello.py"),
    by_hand("an index with blanks", "two digests for one plugin",
            raw(json.dumps(index_of(GOOD)).encode(), body_of(GOOD)), "not_canonical"),
    by_hand("an index with more keys", "a hidden rider",
            raw(index_of(GOOD) | {"run": "x"}, body_of(GOOD)), "bad_index"),
    by_hand("an index nested without end", "the registry's stack",
            raw(b"[" * 100_000, b""), "bad_index"),
    by_hand("an index nested in an unknown key", "the registry's stack",
            raw(b'{"files":{},"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", b""), "bad_index"),
    by_hand("an index longer than the archive", "a reader over the end",
            raw(index_of(GOOD), body_of(GOOD), length=1 << 31), "bad_index"),
    by_hand("an index that is no UTF-8", "a reader that guesses", raw(b"\xff\xfe", b""),
            "bad_index"),
    by_hand("another format", "a reader that guesses",
            raw(index_of(GOOD), body_of(GOOD), magic=b"PK\x03\x04\n\n"), "not_hpx"),
    by_hand("nothing", "a reader that guesses", b"", "not_hpx"),
    by_hand("fifty megabytes", "the registry's disk", raw(index_of(GOOD), bytes(50 << 20)),
            "too_large"),
    by_hand("5,000 files", "the registry's disk",
            raw(index_of({f"f{n}": b"" for n in range(5_000)}), b""), "too_many_files"),
    by_hand("no manifest", "a plugin nobody described",
            raw(index_of({"a": b""}), b""), "no_manifest"),
    Attack(name="archive: a file of three megabytes", tries="the registry's disk",
           refused=Refusal("pack", "file_too_large"), files=GOOD | {"a": bytes(3 << 20)}),
    source("a text that reads backwards", "a reviewer who sees other code", "hidden_text", "U+202E",
           more="a = 1 # \u202e x\n".encode()),
    source("a space that is none", "a reviewer who sees other code", "hidden_text", "U+200B",
           more="a = '\u200b'\n".encode()),
    source("private characters", "code hidden in plain sight", "hidden_text", "U+E000",
           more="a = '\ue000'\n".encode()),
    source("characters that choose a glyph", "code hidden in plain sight", "hidden_text", "U+FE0F",
           more="a = '\ufe0f\ufe0f\ufe0f'\n".encode()),
    source("source that is no UTF-8", "a reviewer who sees other code", "bad_encoding",
           more=b"a = '\xff'\n"),
    source("source that names another encoding", "a reviewer who sees other code",
           "bad_encoding", "utf-7", more=b"# -*- coding: utf-7 -*-\na = '+AGE-'\n"),
    source("source that does not compile", "an error at every turn", "does_not_compile",
           more=b"def ("),
    source("source nested without end", "the registry's stack", "does_not_compile",
           more=DEEP_SOURCE),
    source("source with a NUL", "two readers that see two plugins", "does_not_compile",
           more=b"a = 1\x00b = 2\n"),
    source("a long chain of attributes", "the registry's memory", "does_not_compile",
           more=b"a" + b".b" * 100_000),
    source("two million bytes of statements", "the registry's memory", "too_much_source",
           more=b"x=1\n" * 500_000),
    source("a module named as the interpreter's", "everybody's json", "shadowing", "json",
           json=b"dumps = 1\n"),
    source("a package named as the SDK", "everybody's SDK", "shadowing", "hyperpersonal_sdk",
           hyperpersonal_sdk__init=b""),
    source("no plugin in the entry", "an error at every turn", "no_entry", "does not bind",
           hello=b"x = 1\n"),
]  # fmt: skip
