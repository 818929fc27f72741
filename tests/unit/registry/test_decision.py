"""No list of verdicts and votes publishes what the policy does not let pass."""

import os

from fakes.publishing import manifest as manifest_text
from hyperpersonal_registry.decision import Case, Vote, decide
from hyperpersonal_registry.policy import Policy
from hyperpersonal_registry.verdicts import Verdict, report_hash
from hyperpersonal_sdk import manifest
from hypothesis import given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("HP_DECISIONS", "200"))
NAMES = ("one", "two", "three", "four")
WAIVABLE = frozenset({"one", "two"})
POLICY = Policy(NAMES, waivable=WAIVABLE)
PLAIN = manifest.parse(manifest_text())
RISKY = manifest.parse(manifest_text(asks=("money:refund<=10.00 USD/turn",)))
PUBLISHER = "publisher"
PEOPLE = ("ann", "ben", PUBLISHER)

words = st.sampled_from(("PASS", "PASS", "PASS", "FAIL", "ERROR", "SKIPPED"))
verdicts = st.builds(Verdict, st.sampled_from((*NAMES, "else")), words, st.just("why"))
reports = st.lists(verdicts, max_size=6, unique_by=lambda one: one.check) | st.builds(
    lambda said: [Verdict(name, word, "why") for name, word in zip(NAMES, said, strict=True)],
    st.tuples(*[words] * 4),
)
waivers = st.frozensets(st.sampled_from((*NAMES, "else"))).map(tuple)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    report = draw(reports)
    hashes = st.sampled_from((report_hash(report),) * 3 + ("sha256:another",))
    votes = st.builds(Vote, st.sampled_from(PEOPLE), st.booleans() | st.just(True), hashes, waivers)
    said = draw(st.lists(votes, max_size=5))
    risky, appealed = draw(st.booleans()), draw(st.booleans())
    chosen = RISKY if risky else PLAIN
    return Case(chosen, report, said, {PUBLISHER}, appealed=appealed)


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(cases())
def test_that_nothing_is_published_without_every_pass_or_its_waivers(case: Case) -> None:
    if decide(POLICY, case).state != "published":
        return
    found = {one.check: one.verdict for one in case.report}
    failed = {name for name in NAMES if found.get(name) != "PASS"}
    assert all(found.get(name) == "FAIL" for name in failed), "only a FAIL can be waived"
    assert failed <= WAIVABLE
    assert not failed or case.appealed
    newest = {
        vote.key_id: vote
        for vote in case.votes
        if vote.report == report_hash(case.report) and vote.key_id != PUBLISHER
    }
    assert all(vote.approves for vote in newest.values())
    good = [vote for vote in newest.values() if failed <= set(vote.waived)]
    assert len(good) >= (2 if case.manifest is RISKY else 1)


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(cases(), st.sampled_from(NAMES), words.filter(lambda word: word != "PASS"))
def test_that_one_lost_or_spoilt_check_publishes_nothing(case: Case, name: str, word: str) -> None:
    for report in (
        [one for one in case.report if one.check != name],
        [Verdict(one.check, word) if one.check == name else one for one in case.report],
    ):
        votes = [Vote(v.key_id, v.approves, report_hash(report), v.waived) for v in case.votes]
        spoilt = Case(case.manifest, report, votes, {PUBLISHER})
        assert decide(POLICY, spoilt).state != "published"


def test_that_what_is_required_comes_from_the_policy() -> None:
    """The scanner that did not run is missed, though all that ran passed."""
    ran = [Verdict(name, "PASS") for name in NAMES[:-1]]
    votes = [Vote("ann", approves=True, report=report_hash(ran))]
    found = decide(POLICY, Case(PLAIN, ran, votes))
    assert (found.state, found.why) == ("submitted", ("four: has not run",))
    whole = [*ran, Verdict("four", "PASS")]
    assert decide(POLICY, Case(PLAIN, whole, votes)).state == "checked"
    votes = [Vote("ann", approves=True, report=report_hash(whole))]
    assert decide(POLICY, Case(PLAIN, whole, votes)).state == "published"
    assert decide(POLICY.unreviewed(), Case(PLAIN, whole)).state == "published"


def test_that_the_public_policy_asks_for_every_check() -> None:
    public = Policy.public()
    assert {"hidden_text", "injection", "secrets", "boots", "behaviour"} <= set(public.checks)
    assert set(Policy.private().checks) < set(public.checks)
    assert public.reviews_of(RISKY) == 2
    assert public.reviews_of(PLAIN) == 1
    assert report_hash([Verdict("a", "PASS"), Verdict("b", "PASS")]) == report_hash(
        [Verdict("b", "PASS"), Verdict("a", "PASS")]
    )
