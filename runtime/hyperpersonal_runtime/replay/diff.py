"""What differs between two runs of the same hook call: `exact` for one release run twice, `compare`
for two releases. Pure functions over two traces."""

from collections import Counter
from collections.abc import Iterable, Iterator

from hyperpersonal_runtime.replay import facts
from hyperpersonal_runtime.replay.answer_diff import compare_answers
from hyperpersonal_runtime.replay.difference import Difference, difference
from hyperpersonal_runtime.replay.known import aim
from hyperpersonal_runtime.replay.scripts import shown, unasked
from hyperpersonal_runtime.replay.trace import CUT, VALUES, Asked, Trace, canonical

# Below these a difference of cost is noise.
CALLS_MORE, CALLS_TIMES = 2, 1.5
CPU_MORE_MS, CPU_TIMES = 10.0, 3.0
TOKENS_TIMES = 1.2


def exact(before: Trace, after: Trace) -> tuple[Difference, ...]:
    """Every byte that differs; empty when the replay is bit-exact."""
    if after.parted:
        return (difference("parted", after.path, f"not deterministic at {after.parted}"),)
    found = [
        difference("tool dropped", one.path, f"not asked any more: {shown(one.name, one.request)}")
        for one in unasked(before.asked, after.asked)
    ]
    if before.outcome in CUT:  # its calls agree as far as it came
        return tuple(found) if after.outcome is not before.outcome else ()
    for kind, was, now in (
        ("outcome", before.outcome.value, after.outcome.value),
        ("answer", before.value, after.value),
        ("outcome", before.detail, after.detail),
        ("logs", "\n".join(before.logs), "\n".join(after.logs)),
    ):
        if was != now:
            words = f"the {'end' if kind == 'outcome' else kind} differs"
            found.append(difference(kind, before.path, words, was, now))  # type: ignore[arg-type]
    return tuple(found)


def compare(before: Trace, after: Trace) -> tuple[Difference, ...]:
    """What a shopper, a merchant or a reviewer would notice; empty when nothing."""
    parts = (_ends, _calls, _reach, _costs)
    return tuple(found for part in parts for found in part(before, after))


def _ends(before: Trace, after: Trace) -> Iterator[Difference]:
    if after.parted:
        yield difference("parted", after.path, f"the runs part at {after.parted}")
    elif before.outcome is not after.outcome:
        was, now = _end(before), _end(after)
        words = f"it ends {after.outcome.value}, before {before.outcome.value}"
        yield difference("outcome", after.path, words, was, now)
    else:
        yield from compare_answers(before, after)


def _end(trace: Trace) -> str:
    return f"{trace.outcome.value} {trace.detail or trace.value}".strip()


def _calls(before: Trace, after: Trace) -> Iterator[Difference]:
    was, now = _left_over(before.asked, after.asked), _left_over(after.asked, before.asked)
    if after.parted:  # what it would have asked later is not known
        was = [one for one in was if one.write and _same_aim(one, now)]
    for one in now:
        if one.how == "refused":
            words = f"its grants do not allow {shown(one.name, one.request)}"
            yield difference("refused", one.path, words, after=one.answer or "")
    pairs, dropped, added = _paired(was, now)
    for old, new in pairs:
        yield from _argued(old, new)
    for one in dropped:
        if not _still_asked(one, after.asked):
            words = f"not asked any more: {shown(one.name, one.request)}"
            yield difference("tool dropped", one.path, words, before=one.request)
    for one in added:
        if one.how != "refused" and (one.how != "again" or one.write):
            yield difference("tool added", one.path, f"new: {shown(one.name, one.request)}",
                             after=one.request)  # fmt: skip
    if not (was or now) and _writes(before) != _writes(after):
        words = "the same writes, in another order"
        yield difference("order", after.path, words, str(_writes(before)), str(_writes(after)))


def _left_over(calls: Iterable[Asked], others: Iterable[Asked]) -> list[Asked]:
    """Those of `calls` that `others` do not hold, each as often as it is there more often."""
    spare = Counter(map(_key, others))
    left = []
    for one in calls:
        key = _key(one)
        if spare[key]:
            spare[key] -= 1
        elif one.name not in VALUES:
            left.append(one)
    return left


def _paired(
    was: list[Asked], now: list[Asked]
) -> tuple[list[tuple[Asked, Asked]], list[Asked], list[Asked]]:
    """Calls with the same aim, in order; what is left on either side."""
    pairs, dropped, added = [], [], list(now)
    for old in was:
        new = next((one for one in added if _aim(one) == _aim(old)), None)
        if new is None:
            dropped.append(old)
        else:
            added.remove(new)
            pairs.append((old, new))
    return pairs, dropped, added


def _argued(old: Asked, new: Asked) -> Iterator[Difference]:
    was, now = facts.arguments(old), facts.arguments(new)
    more = sorted(set(facts.fields(now)) - set(facts.fields(was)))
    what = _aim(new)
    if more:
        words = f"{what} is given what it was not before: {', '.join(more)}"
        yield difference("field", new.path, words, old.request, new.request)
    paid, pays = facts.money(was), facts.money(now)
    if paid != pays:
        words = f"{what} is given another amount: {_told(paid)}, now {_told(pays)}"
        yield difference("money", new.path, words, old.request, new.request)
    words = f"{what} is asked something else"
    yield difference("arguments", new.path, words, old.request, new.request)


def _told(amounts: dict[str, int]) -> str:
    parts = [f"{minor / 100:.2f} {currency}".strip() for currency, minor in amounts.items()]
    return " and ".join(parts) or "none"


def _still_asked(one: Asked, calls: Iterable[Asked]) -> bool:
    """Asking once what was read twice changes nothing."""
    return not one.write and any(_key(other) == _key(one) for other in calls)


def _reach(before: Trace, after: Trace) -> Iterator[Difference]:
    """Who and what is reached that was not reached before."""
    for host in sorted(facts.hosts(after.asked) - facts.hosts(before.asked)):
        yield difference("host", after.path, f"asks a host it did not ask before: {host}")
    for host in sorted(facts.links(after.value) - facts.links(before.value)):
        if not any(host in (one.answer or "") for one in after.asked):
            yield difference("host", after.path, f"links to a host it did not name before: {host}")
    for one in sorted(facts.recipients(after.asked) - facts.recipients(before.asked)):
        yield difference("recipient", after.path, f"hands over an address that is new: {one}")
    moves = Counter(map(_key, filter(facts.moves_money, before.asked)))
    for asked in filter(facts.moves_money, after.asked):
        moves[_key(asked)] -= 1
        if moves[_key(asked)] < 0 and asked.how != "refused":
            words = f"moves money that it did not move before: {shown(asked.name, asked.request)}"
            yield difference("money", asked.path, words)


def _costs(before: Trace, after: Trace) -> Iterator[Difference]:
    was, now = len(before.asked), len(after.asked)
    if now > was * CALLS_TIMES + CALLS_MORE:
        yield difference("cost", after.path, f"{now} host calls instead of {was}")
    if dearer(before.guest_cpu_ms, after.guest_cpu_ms):
        words = f"{after.guest_cpu_ms:.0f} ms of CPU instead of {before.guest_cpu_ms:.0f}"
        yield difference("cost", after.path, words)
    if after.tokens > before.tokens * TOKENS_TIMES:
        yield difference("cost", after.path, f"{after.tokens} tokens instead of {before.tokens}")


def dearer(before_ms: float, after_ms: float) -> bool:
    """Whether a run's CPU time is more than noise above another's."""
    return after_ms > before_ms * CPU_TIMES and after_ms > before_ms + CPU_MORE_MS


def _writes(trace: Trace) -> list[str]:
    return [f"{one.name} {canonical(one.request)}" for one in trace.asked if one.write]


def _same_aim(one: Asked, others: Iterable[Asked]) -> bool:
    return any(_aim(other) == _aim(one) for other in others)


def _aim(one: Asked) -> str:
    return aim(one.name, one.request)


def _key(one: Asked) -> tuple[str, str]:
    return one.name, canonical(one.request)
