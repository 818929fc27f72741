"""Runs an author's fixtures on the plugin as it is now: the record answers, nothing else does."""

from pathlib import Path
from typing import Any

import msgspec
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.testing.fixtures import Fixture, FixtureCall

from hyperpersonal_runtime.calls import HookCall
from hyperpersonal_runtime.journal import Entry, request_hash
from hyperpersonal_runtime.ports import CallScope
from hyperpersonal_runtime.records import CallRecord, Recording
from hyperpersonal_runtime.replay.difference import Difference
from hyperpersonal_runtime.replay.replayer import Replayer

_SCOPE = CallScope("tenant", "installation", "turn", "conversation", "contact")


class FixtureReplays:
    """Starts its sandbox at the first replay.

    Args:
        cache: folder of compiled guests.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._replayer: Replayer | None = None

    async def differences(self, call: HookCall, fixture: Fixture) -> tuple[Difference, ...]:
        """What parts the plugin of now from the fixture; nothing when all is as recorded.

        Args:
            call: of the release as it is now; its grants count where the fixture names none.
            fixture: how it was.
        """
        if self._replayer is None:
            self._replayer = Replayer(self._cache, workers=1)
            await self._replayer.start()
        recording = recording_of(fixture, call)
        (done,) = await self._replayer.follow(recording, call.release)
        return done.differences

    async def close(self) -> None:
        """Stop the sandbox."""
        if self._replayer is not None:
            await self._replayer.close()


def recording_of(fixture: Fixture, call: HookCall) -> Recording:
    """The fixture as a recording of the release."""
    release = call.release
    grants = call.grants if fixture.grants is None else tuple(fixture.grants)
    value = _text(fixture.value) if fixture.outcome == Outcome.OK else ""
    record = CallRecord(
        release.plugin_id, release.version, release.digest, fixture.hook, _text(fixture.payload),
        _SCOPE, Outcome(fixture.outcome), grants, call.limits, release.runtime_kind, value,
    )  # fmt: skip
    entries = tuple(_entry(number, one) for number, one in enumerate(fixture.calls, 1))
    return Recording((record,), entries)


def fixture_of(recording: Recording, call: CallRecord) -> Fixture:
    """A recorded hook call as a fixture."""
    calls = [
        FixtureCall(one.name, _json(one.request), _json(one.answer or "null"), one.write)
        for one in recording.entries_of(call)
    ]
    value = _json(call.value) if call.value else None
    return Fixture(
        call.hook, _json(call.payload), value, calls, call.outcome.value, list(call.grants)
    )


def _entry(number: int, one: FixtureCall) -> Entry:
    request = _text(one.request)
    path = str(number)
    return Entry(path, one.name, request, request_hash(one.name, request), _text(one.answer),
                 one.write)  # fmt: skip


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _json(text: str) -> Any:
    return msgspec.json.decode(text)
