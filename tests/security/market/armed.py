"""Attacks as they are handed in: with recorded calls that fit, since an attacker records anew.

A careful attacker's own tests pass. Where the bad release fails in the trial, the base's
recording is kept.
"""

from typing import Any

from fixtures.market.family import Trial, turn
from fixtures.market.recording import FIXTURE, with_recording
from fixtures.market.samples import samples
from hyperpersonal_runtime.api import Stage
from hyperpersonal_sdk import manifest
from hyperpersonal_sdk.errors import BadInputError
from msgspec import structs
from security.market.attack import MANIFEST, Attack, Files
from security.market.attacks.second.bases import TRIALS as SECOND

_MAIL = {"to": "ada@example.com", "subject": "Your parcel", "text": "It is on its way."}
_CASE = {"subject": "Late parcel", "text": "Parcel 555 is late; ada@example.com asks why."}


def _http(*_: Any) -> tuple[int, str]:
    return 200, '{"id": 7, "status": "open", "payment_methods": {}}'


def _tool(tool: str, arguments: dict[str, str]) -> Trial:
    payload = {"tool": tool, "arguments": arguments, "idempotency_key": "turn:1"}
    return Trial("call_tool", payload, (), {"http": _http})


TRIALS = {one.plugin_id: one.trial for one in samples()} | {
    "lattice/mailer": _tool("mail.messages.send", _MAIL),
    "lattice/desk_link": _tool("desk.cases.open", _CASE),
    "lattice/speaker": Trial(
        "reply", turn("How long do parcels take?"), (),
        {"model": {"text": "Three days.", "usage": {"tokens_in": 40, "tokens_out": 4}}}),
    "lattice/sorter": Trial("reply", turn("pears, apples and figs"), ()),
} | SECOND  # fmt: skip
_ANY = Trial("reply", turn("How do I begin?"), ())


async def armed(stage: Stage, attack: Attack) -> Attack:
    """The attack with recorded calls in both releases."""
    known = attack.base or attack.bad
    trial = TRIALS.get(manifest.read(known[MANIFEST].decode()).id, _ANY)
    world = {**trial.world, "http": trial.world.get("http", _http)}
    trial = structs.replace(trial, world=world)
    base = None if attack.base is None else await with_recording(stage, attack.base, trial)
    return structs.replace(attack, base=base, bad=await _bad(stage, attack.bad, base, trial))


async def _bad(stage: Stage, bad: Files, base: Files | None, trial: Trial) -> Files:
    kept = {FIXTURE: base[FIXTURE]} if base is not None else {}
    try:
        return await with_recording(stage, {**kept, **bad}, trial)
    except BadInputError:  # it cannot even be packed, or read
        return {**kept, **bad}
