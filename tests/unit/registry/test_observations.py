"""Anybody may report a plugin; only trusted people and real merchants take one away by it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError, TooManyError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_registry.api import FolderBlobs, Registry, ReleaseRefusedError
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.policy import Policy
from hyperpersonal_registry.reviews.alarm import WINDOW, Observation, Standing, alarm
from hyperpersonal_registry.reviews.observations import Observations, Reporter
from hyperpersonal_registry.reviews.quarantine import Quarantines
from hypothesis import given
from hypothesis import strategies as st

AT = datetime(2026, 11, 22, tzinfo=UTC)
TRUSTED = Reporter("key:1", "trusted")
USERS = [Reporter(f"tenant:{n}", "user") for n in range(3)]
STANDINGS: list[Standing] = ["trusted", "user", "other"]


@pytest.fixture
def ground(db: Database, blobs: FolderBlobs, clock: FixedClock) -> Ground:
    return Ground(db, blobs, clock, Policy.private())


@pytest.fixture
def observations(ground: Ground) -> Observations:
    return Observations(ground, Uuid7Ids())


@pytest.fixture
async def digests(registry: Registry, publisher: Publisher) -> list[str]:
    """acme/hello in two versions."""
    packed = [artifact(manifest(version=version)) for version in ("1.0.0", "1.1.0")]
    return [(await registry.publish(one, publisher.sign(one))).digest for one in packed]


async def refusal(registry: Registry, digest: str) -> str:
    try:
        await registry.load(digest)
    except ReleaseRefusedError as error:
        return error.reason
    return ""


async def test_that_one_trusted_report_takes_a_release_away_until_somebody_has_looked(
    registry: Registry, observations: Observations, digests: list[str], ground: Ground
) -> None:
    made = await observations.report("acme/hello", "It sends mail home.", TRUSTED, "1.1.0")
    assert made.quarantined == ("1.1.0",)
    assert [await refusal(registry, d) for d in digests] == ["", "quarantined"]
    assert (await registry.find("acme/hello")).version == "1.0.0"
    await observations.handle(made.observation.id, "reviewer", "dismissed")
    await Quarantines(ground).lift("acme/hello", "", "It was the newsletter.", "reviewer")
    assert [await refusal(registry, d) for d in digests] == ["", ""]
    kinds = [entry.kind for entry in await registry.journal()][-4:]
    assert kinds == [
        "plugin.reported", "release.quarantined", "observation.handled", "release.reinstated",
    ]  # fmt: skip


async def test_that_three_merchants_that_use_it_are_enough_and_two_are_not(
    registry: Registry, observations: Observations, digests: list[str]
) -> None:
    for user in (*USERS[:2], *USERS[:2]):
        assert not (await observations.report("acme/hello", "Odd.", user, "1.1.0")).quarantined
    third = await observations.report("acme/hello", "Odd.", USERS[2])
    assert third.quarantined == ("1.0.0", "1.1.0"), "they speak of different releases"


async def test_that_strangers_are_heard_and_take_nothing_away(
    registry: Registry, observations: Observations, digests: list[str]
) -> None:
    for n in range(10):
        stranger = Reporter(f"tenant:{n}" if n % 2 else "", "other")
        assert not (await observations.report("acme/hello", "Bad!", stranger)).quarantined
    assert await refusal(registry, digests[0]) == ""
    assert len(await observations.open()) == 10


async def test_that_what_is_due_first_comes_first(
    observations: Observations, digests: list[str], clock: FixedClock
) -> None:
    await observations.report("acme/hello", "stranger", Reporter())
    await observations.report("acme/hello", "merchant", USERS[0])
    await observations.report("acme/hello", "trusted", TRUSTED)
    found = await observations.open()
    assert [one.text for one in found] == ["trusted", "merchant", "stranger"]
    assert found[0].due_at - found[0].at == timedelta(hours=4)


async def test_that_reports_are_bounded_and_about_something(
    observations: Observations, digests: list[str]
) -> None:
    for _ in range(3):
        await observations.report("acme/hello", "x", USERS[0])
    with pytest.raises(TooManyError):
        await observations.report("acme/hello", "x", USERS[0])
    with pytest.raises(NotFoundError):
        await observations.report("acme/other", "x", TRUSTED)
    with pytest.raises(NotFoundError):
        await observations.report("acme/hello", "x", TRUSTED, "9.9.9")
    for text in ("", " ", "x" * 4_001):
        with pytest.raises(RefusedError):
            await observations.report("acme/hello", text, TRUSTED)


async def test_that_an_observation_is_handled_once(
    observations: Observations, digests: list[str]
) -> None:
    made = (await observations.report("acme/hello", "x", USERS[0])).observation
    await observations.handle(made.id, "one", "dismissed")
    with pytest.raises(ConflictError):
        await observations.handle(made.id, "two", "fixed")
    with pytest.raises(NotFoundError):
        await observations.handle(UUID(int=1), "two", "fixed")
    assert [(o.handled_by, o.outcome) for o in await observations.of("acme/hello")] == [
        ("one", "dismissed")
    ]


async def test_that_an_author_cannot_end_a_quarantine(
    registry: Registry, ground: Ground, digests: list[str]
) -> None:
    quarantines = Quarantines(ground)
    assert await quarantines.begin("acme/hello", "", "Look at it.", "me") == ["1.0.0", "1.1.0"]
    assert await quarantines.begin("acme/hello", "", "Again.", "me") == []
    with pytest.raises(NotFoundError):
        await registry.yank("acme/hello", "1.0.0", "Let it run on.")
    assert await refusal(registry, digests[0]) == "quarantined"
    with pytest.raises(NotFoundError):
        await registry.find("acme/hello")


async def test_that_a_lift_brings_back_what_was_there_and_never_what_was_revoked(
    registry: Registry, ground: Ground, digests: list[str]
) -> None:
    quarantines = Quarantines(ground)
    await registry.yank("acme/hello", "1.0.0", "It greets twice.")
    await quarantines.begin("acme/hello", "", "Look at it.", "me")
    await registry.revoke("acme/hello", "1.1.0", "It steals.")
    assert await quarantines.lift("acme/hello", "", "Only one was bad.", "me") == ["1.0.0"]
    found = {r.version: (r.status, r.status_reason) for r in await registry.releases("acme/hello")}
    assert found == {"1.0.0": ("yanked", "It greets twice."), "1.1.0": ("revoked", "It steals.")}
    with pytest.raises(ConflictError):
        await quarantines.lift("acme/hello", "", "Once more.", "me")
    with pytest.raises(NotFoundError):
        await quarantines.begin("acme/nothing", "", "Why not.", "me")


def observation(
    reporter: str, standing: Standing, hours: float, *, handled: bool = False
) -> Observation:
    at = AT - timedelta(hours=hours)
    return Observation(
        UUID(int=1), "acme/hello", "", "x", standing, reporter, at, at, AT if handled else None
    )


REPORTS = st.lists(
    st.builds(
        observation,
        st.sampled_from(["", "a", "b", "c", "d"]),
        st.sampled_from(STANDINGS),
        st.floats(0, 100),
        handled=st.booleans(),
    ),
    max_size=12,
)


@given(REPORTS)
def test_that_no_number_of_strangers_is_an_alarm(found: list[Observation]) -> None:
    assert not alarm([o for o in found if o.standing == "other"], AT)


@given(REPORTS)
def test_that_an_alarm_needs_fresh_reports_of_enough_people(found: list[Observation]) -> None:
    fresh = [o for o in found if not o.handled_at and AT - o.at <= WINDOW and o.reporter]
    people: Callable[[str], set[str]] = lambda standing: {  # noqa: E731
        o.reporter for o in fresh if o.standing == standing
    }
    assert bool(alarm(found, AT)) == (len(people("trusted")) >= 1 or len(people("user")) >= 3)
