"""The corpus is as large as promised, and each row says what it is."""

from security.hostile.corpus import ATTACKS, FAMILIES

ATTACKS_MIN = 400


def test_that_the_corpus_does_not_shrink() -> None:
    assert len(ATTACKS) >= ATTACKS_MIN
    assert all(len(family) >= 9 for family in FAMILIES.values())


def test_that_every_attack_has_a_name_of_its_own_and_a_refusal() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    for attack in ATTACKS:
        assert attack.tries, attack.name
        assert attack.refused.how, attack.name
