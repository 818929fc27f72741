"""The witnesses of the log that this deployment names."""

from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import WitnessAt
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency.checkpoint import Witnesses
from hyperpersonal_sdk.transparency.note import COSIGNATURE, NoteKey


def witnesses_of(settings: Settings) -> list[WitnessAt]:
    """The witnesses in `HP_WITNESSES`, `KEY URL` each, divided by commas.

    Raises:
        RefusedError: one cannot be read, or is there twice.
    """
    found = [_witness(part.split()) for part in settings.witnesses.split(",") if part.strip()]
    if len({one.key.name for one in found}) != len(found):
        raise RefusedError("HP_WITNESSES names a witness twice: each counts once")
    return found


def wanted_of(settings: Settings) -> Witnesses:
    """Whose cosignatures this host wants before it believes a checkpoint, and how many.

    Raises:
        RefusedError: more than there are.
    """
    keys = tuple(one.key for one in witnesses_of(settings))
    if settings.witnesses_needed > len(keys):
        said = f"HP_WITNESSES_NEEDED is {settings.witnesses_needed}, HP_WITNESSES names {len(keys)}"
        raise RefusedError(f"{said}: no checkpoint could ever be believed")
    return Witnesses(keys, settings.witnesses_needed)


def _witness(parts: list[str]) -> WitnessAt:
    text, url = (*parts, "")[:2]
    try:
        key = NoteKey.parse(text)
    except UntrustedError as error:
        raise RefusedError(f"HP_WITNESSES: {error}; `hp registry witness init` shows it") from error
    if len(parts) > 2 or key.kind != COSIGNATURE or not (url or "http").startswith("http"):
        raise RefusedError("HP_WITNESSES: a witness is its key, a space, and its http(s) address")
    return WitnessAt(key, url.rstrip("/"))
