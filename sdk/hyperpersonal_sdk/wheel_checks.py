"""The rule for what a native plugin brings along; see wheels for how it is written."""

import io
import zipfile

from hyperpersonal_sdk import wheels
from hyperpersonal_sdk.errors import CheckFailedError
from hyperpersonal_sdk.hpx import Archive


def the_wheels_are_wheels(archive: Archive) -> None:
    """Wheels in the folder `wheels`, or a lock of them, and only in a native plugin: a reviewer
    must know of every byte that runs, and no name or line may lead elsewhere."""
    there = [path for path in archive.files if path.startswith(wheels.WHEELS_FOLDER)]
    locked = wheels.LOCK_FILE in archive.files
    kind = archive.manifest.runtime.kind
    if kind != "process" and (there or locked):
        what = there[0] if there else wheels.LOCK_FILE
        raise CheckFailedError("bad_wheels", f"{what} is only for kind = 'process', not {kind!r}")
    if there and locked:
        message = f"take either {wheels.WHEELS_FOLDER} or {wheels.LOCK_FILE}: which would run?"
        raise CheckFailedError("bad_wheels", message)
    try:
        names = wheels.of_files(there)
        wheels.parse_lock(archive.files.get(wheels.LOCK_FILE, b"").decode())
    except (wheels.WheelError, UnicodeDecodeError) as error:
        raise CheckFailedError("bad_wheels", str(error)) from error
    for wheel in names:
        _holds_itself(wheel, archive.files[wheels.WHEELS_FOLDER + wheel.file])


def _holds_itself(wheel: wheels.Wheel, data: bytes) -> None:
    """A wheel names itself inside as outside (PEP 427): it can be looked up and compared."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = {name.split("/")[0] for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError) as error:
        raise CheckFailedError("bad_wheels", f"{wheel.file} is no zip: {error}") from error
    about = [name for name in inside if name.endswith(".dist-info")]
    wanted = "-".join(wheel.file.split("-")[:2]) + ".dist-info"
    if about != [wanted]:
        message = f"{wheel.file} must hold {wanted}, it holds {about or 'none'}"
        raise CheckFailedError("bad_wheels", message)
