from collections.abc import Sequence

import numpy as np
import pytest
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.kit.hooks import hookimpl, open_hooks
from hyperpersonal_core.memory import minilm
from hyperpersonal_core.memory.embedding import CachedEmbedder, Vectors
from hyperpersonal_core.memory.minilm import MiniLm
from hyperpersonal_core.memory.static import StaticEmbedder


class Counting:
    """Says how often it was asked for what."""

    name = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[float(len(text))] for text in texts], np.float32)


@pytest.fixture(scope="module")
def model() -> MiniLm:
    return MiniLm()


def test_that_near_meanings_have_near_vectors(model: MiniLm) -> None:
    lost, parcel, jacket = model.embed(
        ["my parcel is lost", "the package never arrived", "is this jacket waterproof?"]
    )
    assert float(lost @ parcel) > 0.3 > 0.2 > float(lost @ jacket)


def test_that_vectors_are_those_of_the_model_we_know(model: MiniLm) -> None:
    (row,) = model.embed(["where is my order?"])
    assert row.shape == (384,)
    assert row.dtype == np.float32
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
    assert row[:4].tolist() == pytest.approx([-0.0028, -0.0288, 0.0746, 0.0478], abs=0.005)


def test_that_a_batch_gives_what_single_texts_give(model: MiniLm) -> None:
    texts = ["hi", "my card was declined twice today and I do not know why", "ok"]
    alone = np.vstack([model.embed([text]) for text in texts])
    assert np.abs(model.embed(texts) - alone).max() < 0.02


def test_that_another_model_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "MODEL_SHA256", "0" * 64)
    with pytest.raises(OutsideError, match="not the one we know"):
        MiniLm().embed(["hi"])


def test_that_a_missing_package_is_named() -> None:
    with pytest.raises(OutsideError, match="no_such_package"):
        minilm.package_folder("no_such_package")


def test_that_static_vectors_know_words_and_survive_none() -> None:
    jacket, coat, nothing = StaticEmbedder().embed(["warm jacket", "warm winter jacket", ""])
    assert jacket @ coat > 0.7
    assert not nothing.any()


def test_that_the_cache_asks_once_and_keeps_the_newest() -> None:
    inner = Counting()
    cache = CachedEmbedder(inner, texts_max=2)
    assert cache.embed(["a", "bb", "a"])[:, 0].tolist() == [1, 2, 1]
    assert cache.embed(["bb"])[:, 0].tolist() == [2]
    assert inner.asked == ["a", "bb"]
    cache.embed(["ccc"])
    assert set(cache.known(["a", "bb", "ccc"])) == {"bb", "ccc"}
    assert cache.embed([]).shape == (0, 384)


async def test_that_known_texts_need_no_thread() -> None:
    inner = Counting()
    cache = CachedEmbedder(inner)
    cache.embed(["a"])
    assert (await cache.embed_aside(["a"]))[0, 0] == 1
    assert (await cache.embed_aside(["a", "bb"]))[1, 0] == 2
    assert inner.asked == ["a", "bb"]


def test_that_an_operators_hook_replaces_the_embedder() -> None:
    class Operator:
        @hookimpl
        def embedder(self) -> Counting:
            return Counting()

    assert open_hooks(Operator()).hook.embedder().name == "counting"
    assert open_hooks().hook.embedder() is None
