"""The answer cache: its answers cross no tenant, contact, agent or bundle, and no quarter hour."""

import itertools

from hyperpersonal_core.models.cache import TTL_S, AnswerCache, key_of
from hyperpersonal_runtime.api import CallScope
from hyperpersonal_sdk.contract.models import GenerateAnswer, GenerateAsk, ModelError, ModelMessage
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "ab", ""])
SCOPES = st.builds(CallScope, tenant_id=NAMES, installation_id=NAMES, contact_id=NAMES,
                   turn_id=NAMES, conversation_id=NAMES)  # fmt: skip
TEXTS = st.sampled_from(["hi", "hi ", "a", "ab"])
ASKS = st.builds(
    GenerateAsk,
    messages=st.lists(st.builds(ModelMessage, st.just("user"), TEXTS), min_size=1, max_size=2),
    instructions=TEXTS,
    tokens_max=st.sampled_from([10, 20]),
    stream=st.booleans(),
    timeout_ms=st.integers(1, 9),
)
CASES = st.tuples(SCOPES, ASKS, st.sampled_from(["cheap", "strong"]), st.integers(0, 2))


def _whose(case):
    scope, ask, tier, version = case
    asked = (tuple(m.text for m in ask.messages), ask.instructions, ask.tokens_max)
    return scope.tenant_id, scope.contact_id, scope.installation_id, tier, version, asked


@given(st.lists(CASES, min_size=2, max_size=8))
def test_that_an_answer_comes_back_only_to_whom_it_was_given(cases) -> None:
    cache, numbers = AnswerCache(lambda: 0.0), itertools.count()
    given_to: dict[object, str] = {}
    for case in cases:
        key = key_of(*case)
        found = cache.get(key)
        owner = _whose(case)
        assert (found.text if found else None) == given_to.get(owner)
        if case[0].contact_id:
            answer = GenerateAnswer(f"answer {next(numbers)}")
            cache.put(key, answer)
            given_to[owner] = answer.text
        else:
            assert key is None  # on behalf of nobody: kept for nobody


SCOPE = CallScope("t", "i", contact_id="c")
ASK = GenerateAsk([ModelMessage("user", "hi")])


def test_that_an_answer_is_forgotten_after_a_quarter_of_an_hour() -> None:
    now = [0.0]
    cache, key = AnswerCache(lambda: now[0]), key_of(SCOPE, ASK, "strong", 1)
    cache.put(key, GenerateAnswer("well"))
    now[0] = TTL_S
    assert cache.get(key) == GenerateAnswer("well")
    now[0] = TTL_S + 1
    assert cache.get(key) is None


def test_that_failures_and_cut_answers_are_not_kept() -> None:
    cache, key = AnswerCache(lambda: 0.0), key_of(SCOPE, ASK, "strong", 1)
    for answer in (GenerateAnswer(error=ModelError("cut")), GenerateAnswer("hal", stop="length"),
                   GenerateAnswer("no", stop="refused"), GenerateAnswer("x" * 40_000)):  # fmt: skip
        cache.put(key, answer)
        assert cache.get(key) is None


def test_that_who_wants_variety_gets_it() -> None:
    warm = GenerateAsk([ModelMessage("user", "hi")], temperature=0.7)
    assert key_of(SCOPE, warm, "strong", 1) is None
