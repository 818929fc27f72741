"""The garbage collector, told what a server is like."""

import gc

YOUNG_OBJECTS_MAX = 20_000
MIDDLE_ROUNDS, OLD_ROUNDS = 20, 50


def settle_heap() -> None:
    """Call it once a process has opened what it keeps for its life.

    What lives by then (modules, models, statements) is never searched again, and the young are
    collected less often: otherwise a fifth of a busy gateway's time goes into looking through
    objects that never die.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS_MAX, MIDDLE_ROUNDS, OLD_ROUNDS)
