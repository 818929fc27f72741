"""The release does what its own recorded calls say: `tests/fixtures/*.json`, signed with it.

A fixture is a hook call with every answer of the host and what came of it. It is replayed in the
sandbox, so nothing of the publisher's runs outside of one. Tests in Python stay with the author.
"""

from collections.abc import AsyncIterator

import msgspec
from hyperpersonal_runtime.api import Difference
from hyperpersonal_sdk.hpx import is_fixture
from hyperpersonal_sdk.testing.fixtures import Fixture, scrubbed
from hyperpersonal_sdk.verdicts import Verdict, verdict

from hyperpersonal_registry.checks.examination import Examination, Play, Unfit
from hyperpersonal_registry.checks.requests import parsed

NAME = "own_tests"
REASON = "An author who shows what a release answers lets everybody see when it does not."
FIX = "Run `hp plugin test`; record the call again with `hp plugin record` if it is right now."
WAIVABLE = True

FIXTURES_MAX = 100
_NONE = "note: brings no recorded calls; keep some in tests/fixtures with `hp plugin record`"
# What a reviewer must see, and what only time or another machine changes.
_NOT_TOLD = frozenset({"cost", "logs"})


async def check(examination: Examination) -> Verdict:
    """FAIL with every recorded call that goes otherwise now."""
    try:
        fixtures = fixtures_of(examination.release)
        if not examination.runs_code or not fixtures:
            return verdict(NAME, "PASS", detail=(_NONE,))
    except (Unfit, msgspec.DecodeError, UnicodeDecodeError) as error:
        return verdict(NAME, "FAIL", f"Its recorded calls cannot be replayed: {error}. {FIX}")
    found = tuple([what async for what in _parted(examination, fixtures)])
    if found:
        return verdict(NAME, "FAIL", f"{found[0]}. {FIX}", found)
    return verdict(NAME, "PASS", detail=(f"note: {len(fixtures)} recorded calls replayed",))


def fixtures_of(play: Play) -> dict[str, Fixture]:
    """The recorded calls, by path.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError: one is none.
    """
    paths = sorted(path for path in play.archive.files if is_fixture(path))[:FIXTURES_MAX]
    return {path: msgspec.json.decode(play.archive.files[path], type=Fixture) for path in paths}


async def _parted(examination: Examination, fixtures: dict[str, Fixture]) -> AsyncIterator[str]:
    for path, fixture in fixtures.items():
        call = examination.release.call(path, fixture.hook, b"null")
        for one in await examination.stage.replay(call, fixture):
            if one.kind not in _NOT_TOLD and not _only_scrubbed(one, fixture):
                yield f"{path}: {one.kind}: {one.words}"


def _only_scrubbed(one: Difference, fixture: Fixture) -> bool:
    """Whether it is only that recording took an address or a key out, which the sources hold."""
    if one.kind == "arguments":
        return bool(scrubbed(parsed(one.before)) == scrubbed(parsed(one.after)))
    if one.kind == "recipient":
        address = one.words.rpartition(": ")[2]
        gone = scrubbed(address)
        return bool(gone != address and gone in msgspec.json.encode(fixture).decode())
    return False
