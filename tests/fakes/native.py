"""Native plugins made of one function's body, and wheels made of what is installed here."""

import base64
import hashlib
import textwrap
import zipfile
from importlib.metadata import distribution
from io import BytesIO

from hyperpersonal_runtime.calls import HookCall, Limits
from hyperpersonal_runtime.testing import hook_call

HEAD = "from hyperpersonal_sdk import *\nplugin = Agent()\n"


def native(
    body: str,
    *grants: str,
    head: str = "",
    limits: Limits | None = None,
    kind: str = "async def",
    files: dict[str, bytes] | None = None,
) -> HookCall:
    """A call of a native agent whose `reply(turn, host)` has this body."""
    text = textwrap.indent(textwrap.dedent(body), "    ")
    source = f"{HEAD}{head}\n@plugin.reply\n{kind} reply(turn, host):\n{text}\n"
    return native_files({"p/__init__.py": source.encode(), **(files or {})}, *grants, limits=limits)


def native_files(
    files: dict[str, bytes], *grants: str, entry: str = "p", limits: Limits | None = None
) -> HookCall:
    """A call of a release of the kind `process` made of these files."""
    return hook_call(files, entry, grants, limits, runtime_kind="process")


def wheel_of(name: str) -> tuple[str, bytes]:
    """(file name, bytes) of a wheel with the files of an installed distribution: real native code,
    from no network."""
    found = distribution(name)
    tags = [
        line[5:] for line in (found.read_text("WHEEL") or "").splitlines() if line[:4] == "Tag:"
    ]
    python, abi, _ = tags[0].split("-")
    platforms = ".".join(tag.split("-")[2] for tag in tags)
    normal = found.name.replace("-", "_")
    files = {
        str(path): path.locate().read_bytes()
        for path in found.files or ()
        if ".." not in path.parts and "__pycache__" not in path.parts and not path.is_absolute()
    }
    return f"{normal}-{found.version}-{python}-{abi}-{platforms}.whl", zipped(files)


def small_wheel(
    name: str, files: dict[str, str], version: str = "1.0", *, more: str = ""
) -> tuple[str, bytes]:
    """A pure wheel of these files; `more`: lines of its METADATA."""
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}"
    wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    whole = {**files, f"{about}/METADATA": metadata, f"{about}/WHEEL": wheel}
    record = "".join(f"{path},{_hash(text)},{len(text)}\n" for path, text in whole.items())
    whole[f"{about}/RECORD"] = f"{record}{about}/RECORD,,\n"
    made = zipped({path: text.encode() for path, text in whole.items()})
    return f"{name}-{version}-py3-none-any.whl", made


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)
    return packed.getvalue()


def _hash(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={digest.decode().rstrip('=')}"
