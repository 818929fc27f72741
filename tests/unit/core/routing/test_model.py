import numpy as np
import pytest
from fakes.understanding import shared_embedder
from hyperpersonal_core.memory.embedding import Vectors, unit_rows
from hyperpersonal_core.memory.index import KnowledgeIndex, Question
from hyperpersonal_core.memory.static import StaticEmbedder
from hyperpersonal_core.routing.examples import Example, Examples
from hyperpersonal_core.routing.linear import train
from hyperpersonal_core.routing.model import RoutingModel
from hyperpersonal_core.routing.seed import seed_examples


def test_that_the_linear_model_separates_what_can_be_separated() -> None:
    generator = np.random.default_rng(20261122)
    centres = unit_rows(generator.normal(size=(3, 40)).astype(np.float32))
    labels = generator.integers(0, 3, 600)
    noise = generator.normal(scale=0.05, size=(600, 40))
    rows = unit_rows(np.asarray(centres[labels] + noise, np.float32))
    model = train(rows[:400], labels[:400], 3, np.ones(400, np.float32))
    given = model.probabilities(rows[400:])
    assert (given.argmax(1) == labels[400:]).mean() > 0.98
    assert given.sum(1) == pytest.approx(np.ones(200), abs=1e-5)


def test_that_heavier_examples_win() -> None:
    rows = np.ones((2, 1), np.float32)
    model = train(rows, np.array([0, 1]), 2, np.array([1, 20], np.float32))
    assert model.probabilities(rows)[0, 1] > 0.8


def _question(*texts: str) -> Question:
    return Question(texts, shared_embedder().embed(texts), StaticEmbedder().embed(texts))


def _empty() -> KnowledgeIndex:
    nothing: Vectors = np.zeros((0, 384), np.float32)
    return KnowledgeIndex([], [], nothing, np.zeros((0, 256), np.float32))


def _seeded() -> RoutingModel:
    rows = [Example(text, label) for label, text in seed_examples()]
    question = _question(*(row.text for row in rows))
    labels = sorted({row.label for row in rows})
    return RoutingModel(labels, Examples(rows, question.deep, question.static), _empty())


def test_that_general_knowledge_alone_knows_the_common_matters() -> None:
    model = _seeded()
    asked = {
        "my parcel has not come yet": "order",
        "the trousers are too long, how do I give them back": "return",
        "you took the money from my card two times": "billing",
        "I cannot remember my password": "customer_success",
        "the website shows an error at checkout": "technical",
        "is the tent waterproof?": "product",
        "good evening!": "smalltalk",
        "what is the weather in Rome today": "out_of_scope",
        "how do I get a loan from the bank": "out_of_scope",
    }
    opinion = model.judge(_question(*asked))
    given = [model.labels[n] for n in opinion.probabilities.argmax(1)]
    assert given == list(asked.values())
    assert opinion.probabilities.sum(1) == pytest.approx(np.ones(len(asked)), abs=1e-4)


def test_that_the_fast_stage_is_sure_only_of_what_it_knows() -> None:
    model = _seeded()
    texts = ["where is my order", "zebras sing loudly underwater"]
    _, sure = model.glance(StaticEmbedder().embed(texts))
    assert not sure[1]


def test_that_seed_texts_are_many_and_each_has_one_label() -> None:
    rows = seed_examples()
    assert len({text for _, text in rows}) == len(rows) > 200
