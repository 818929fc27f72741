"""Chooses the strongest wall that works on this machine, by really starting a program behind it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from hyperpersonal_runtime.jail.landlock import LandlockJail
from hyperpersonal_runtime.jail.namespaces import NamespaceJail
from hyperpersonal_runtime.jail.plain import PlainJail
from hyperpersonal_runtime.jail.program import Jail, JailError, Program

PROBE = Path(__file__).with_name("probe.py")
PROBE_SECONDS_MAX = 60  # a machine that is busy at its start keeps its strongest wall
FIRST_PARTY = frozenset({"hyperpersonal"})

Maker = Callable[[str], Jail]  # told why the tiers above do not work
_TIERS: dict[str, tuple[Maker, ...]] = {
    "namespaces": (
        lambda _: NamespaceJail(),
        lambda _: NamespaceJail(nested=True),
        lambda _: NamespaceJail(nested=True, table=False),
    ),
    "landlock": (LandlockJail,),
}


def find_jail(wanted: str = "auto", trusted: frozenset[str] = FIRST_PARTY) -> Jail:
    """The jail of the tier `wanted`; `auto`: the strongest one that works here.

    Args:
        wanted: `auto`, `namespaces`, `landlock`, or `none` (an operator's own decision).
        trusted: namespaces whose plugins run with `none`.

    Returns:
        With `auto` and no wall that works, a jail that refuses every plugin.

    Raises:
        JailError: the wanted tier does not work here, or there is none of that name.
    """
    if wanted == "none":
        return PlainJail(trusted)
    if wanted not in ("auto", *_TIERS):
        raise JailError(f"there is no tier {wanted}; there are auto, namespaces, landlock, none")
    missing = ""
    for tier in _TIERS if wanted == "auto" else (wanted,):
        found = _first(_TIERS[tier], missing)
        if not isinstance(found, str):
            return found
        missing += f"; {tier}: {found}" if missing else f"{tier}: {found}"
    if wanted == "auto":
        return PlainJail(missing=missing)
    raise JailError(missing)


def _first(makers: tuple[Maker, ...], missing: str) -> Jail | str:
    """The first that holds, else why the last one does not."""
    why = ""
    for make in makers:
        try:
            jail = make(missing)
            why = probe(jail)
        except JailError as error:
            why = str(error)
        else:
            if not why:
                return jail
    return why


def probe(jail: Jail) -> str:
    """Start a program in the jail that tries to break out; '' when all attempts fail."""
    with tempfile.NamedTemporaryFile() as secret, tempfile.TemporaryFile() as output:
        argv = (sys.executable, str(PROBE), secret.name)
        program = Program(
            argv=argv, readable=(PROBE,), output=output.fileno(), profile="plugin", processes=4
        )
        process = jail.spawn(program)
        try:
            code = process.wait(PROBE_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return f"the probe did not end within {PROBE_SECONDS_MAX} s"
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if code:
        return f"the probe failed: {said[-300:] or code}"
    worked = json.loads(said) if said else ["become another program"]
    return f"the probe could {', '.join(worked)}" if worked else ""
