"""Wheels that lie: archives inside the archive, unpacked by a program behind the wall."""

import io
import stat
import zipfile

from fakes.native import HEAD, small_wheel
from security.hostile.attack import Attack, Refusal, call, publish

PROCESS = "[runtime]\nkind = 'process'\n"
SOURCE = f"{HEAD}\n@plugin.reply\ndef reply(turn, host):\n    import evil\n    return evil.word\n"
NAME, GOOD = small_wheel("evil", {"evil.py": "word = 'STOLEN'\n"})


def brings(name: str, tries: str, wheel: bytes, refused: Refusal, file: str = NAME) -> Attack:
    """A native agent that brings this wheel along."""
    files = {"hello.py": SOURCE.encode(), f"wheels/{file}": wheel}
    return Attack(name=f"wheel: {name}", tries=tries, refused=refused, files=files, more=PROCESS)


def holding(name: str, tries: str, path: str, refused: Refusal) -> Attack:
    """The good wheel with one more file."""
    return brings(name, tries, with_entry(path, b"word = 1\n"), refused)


def with_entry(path: str, data: bytes, mode: int = 0) -> bytes:
    """The good wheel and an entry of this name and mode."""
    packed = io.BytesIO(GOOD)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
        entry.external_attr = mode << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, data)
    return packed.getvalue()


def twice() -> bytes:
    """Two files of one name, the second hidden from whoever looks a name up."""
    data = with_entry("eviL.py", b"word = 2\n")
    return data.replace(b"eviL.py", b"evil.py")


def lying(size: int) -> bytes:
    """A bomb whose directory says that it is small."""
    data = bytearray(with_entry("bomb.txt", bytes(size)))
    at = data.rindex(b"bomb.txt") - 46  # its entry in the central directory
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(data)


PTH = small_wheel("evil", {"evil.pth": "import os; os.abort()\n", "evil.py": "word = 'ran'\n"})[1]
SITE = small_wheel("evil", {"sitecustomize.py": "1 / 0\n", "evil.py": "word = 'ran'\n"})[1]
SDK = small_wheel("evil", {"hyperpersonal_sdk/__init__.py": "1 / 0\n", "evil.py": "word = 1\n"})[1]

ELSEWHERE = publish("bad_wheels", "leads elsewhere")
NAMED = call("refused", "may not be so named")
ATTACKS = [
    holding("a path upwards", "a file of the host", "../../evil.py", ELSEWHERE),
    holding("an absolute path", "a file of the host", "/etc/evil.py", ELSEWHERE),
    holding("a backslash", "a file of the host", "..\\evil.py", ELSEWHERE),
    holding("a name of 1,000 characters", "the host's disk", "e" * 1_000, NAMED),
    holding("a control character", "a terminal that obeys", "a\x1b[2J.py", NAMED),
    brings("a link", "a file of the host",
           with_entry("link.py", b"/etc/shadow", stat.S_IFLNK | 0o777),
           publish("bad_wheels", "holds a link")),
    brings("a device", "the host's memory", with_entry("mem", b"", stat.S_IFCHR | 0o666),
           call("refused", "a link or a device")),
    brings("one name twice", "a reviewer who sees other code", twice(),
           publish("bad_wheels", "a name twice")),
    brings("a bomb", "the host's disk", with_entry("bomb.txt", bytes(1 << 30)),
           publish("bad_wheels", "would unpack to")),
    brings("a bomb that says it is small", "the host's disk", lying(1 << 26),
           call("refused", "no readable wheel")),
    brings("code at the start of Python", "a run before the plugin's own", PTH,
           publish("bad_wheels", "runs code at every start")),
    brings("code for every start of Python", "a run before the plugin's own", SITE,
           call("ok", "ran")),
    brings("another SDK", "the host's calls", SDK, call("trapped", "")),
    brings("no zip", "a reader that guesses", b"PK" + bytes(99), publish("bad_wheels", "no zip")),
    brings("another name inside", "a name others trust",
           small_wheel("trusted", {"evil.py": ""})[1], publish("bad_wheels", "must hold")),
    brings("a name that is none", "a reader that guesses", GOOD, publish("bad_wheels"),
           "evil.whl"),
    brings("another machine's", "a crash", GOOD,
           call("refused", ""), "evil-1.0-cp36-cp36m-win32.whl"),
    Attack(name="wheel: for a plugin that runs in a guest", tries="code nobody runs",
           refused=publish("bad_wheels", "only for kind"),
           files={"hello.py": SOURCE.encode(), f"wheels/{NAME}": GOOD}),
    Attack(name="wheel: and a lock of others", tries="a reviewer who sees other code",
           refused=publish("bad_wheels", "which would run"), more=PROCESS,
           files={"hello.py": SOURCE.encode(), f"wheels/{NAME}": GOOD,
                  "requirements.lock": b"evil==1.0 --hash=sha256:" + b"0" * 64 + b"\n"}),
]  # fmt: skip
