"""Which conversations go next: fair between tenants, bounded, and nobody locked out."""

from uuid import UUID

from hyperpersonal_core.turns.pace import Pace
from hyperpersonal_core.turns.turn import TurnSettings
from hyperpersonal_core.turns.waiting import ABOUT_S, Waiting

FLOOD, QUIET = UUID(int=1), UUID(int=2)
SETTINGS = TurnSettings(running_max=40, waiting_max=100)


class Rig:
    def __init__(self, at_once: int = 8) -> None:
        self.at_once, self.time = at_once, 0.0
        self.waiting = Waiting(SETTINGS, lambda: self.at_once, lambda: self.time)
        self.count = 0

    def add(self, tenant: UUID, times: int = 1) -> None:
        for _ in range(times):
            self.count += 1
            self.waiting.add((tenant, UUID(int=1_000 + self.count)))

    def pick(self, room: int = 40) -> list[UUID]:
        return [tenant for tenant, _ in self.waiting.pick(room)]


def test_that_a_tenant_alone_may_use_all_but_a_quarter() -> None:
    rig = Rig(at_once=4)
    rig.add(FLOOD, 60)
    assert len(rig.pick()) == 30


def test_that_with_another_about_a_flood_begins_no_more_than_keeps_the_process_on_time() -> None:
    rig = Rig(at_once=8)
    rig.add(QUIET)
    rig.add(FLOOD, 60)
    picked = rig.pick()
    assert picked.count(FLOOD) <= 8
    assert picked.count(QUIET) == 1
    rig.add(QUIET)
    assert rig.pick() == [QUIET], "who has less than its part may always begin"
    rig.waiting.ended(FLOOD)
    rig.time += ABOUT_S + 1
    rig.add(FLOOD)
    assert len(rig.pick()) > 8, "alone again"


def test_that_two_floods_get_as_much_as_each_other() -> None:
    rig = Rig(at_once=8)
    for _ in range(30):
        rig.add(FLOOD)
    for _ in range(30):
        rig.add(QUIET)
    begun, ended = rig.pick(), 0
    while ended < 20:
        rig.waiting.ended(begun[ended], 40.0 if begun[ended] == FLOOD else 20.0)
        ended += 1
        begun += rig.pick()
    used = {FLOOD: 40.0 * begun.count(FLOOD), QUIET: 20.0 * begun.count(QUIET)}
    assert abs(used[FLOOD] - used[QUIET]) <= 8 * 40.0


def test_that_a_flood_over_the_bound_pushes_out_only_its_own() -> None:
    rig = Rig()
    rig.add(FLOOD, 99)
    rig.add(QUIET, 3)
    assert len(rig.waiting) == SETTINGS.waiting_max
    assert rig.pick().count(QUIET) == 3


def test_that_a_conversation_waits_once_and_may_wait_again() -> None:
    waiting = Waiting(SETTINGS, lambda: 8, lambda: 0.0)
    place = (QUIET, UUID(int=9))
    waiting.add(place)
    waiting.add(place, "trace")
    assert waiting.pick(10) == {place: "trace"}
    waiting.add(place)
    assert waiting.pick(10) == {place: ""}


def test_that_what_is_begun_at_once_follows_what_turns_take() -> None:
    used = [100]
    pace = Pace(32, lambda: used[0])
    for _ in range(1_000):
        pace.ended(20.0)
    assert pace.at_once == 32
    for _ in range(100):
        pace.ended(60.0)
    assert pace.at_once == 2, "they wait for each other: a few only, and never none"
    used[0] = 1
    for _ in range(1_000):
        pace.ended(20.0)
    assert pace.at_once == 2, "what is not used does not grow"


def test_that_a_machine_that_became_slower_is_not_taken_for_a_queue_for_ever() -> None:
    pace = Pace(32, lambda: 100)
    for _ in range(100):
        pace.ended(20.0)
    for _ in range(3_000):
        pace.ended(40.0)
    assert pace.at_once > 10
