"""The fast first stage: one fixed vector a word piece, averaged. 30,000 texts a second.

The weights of wordllama (256 floats) are read directly; its Python is never imported.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from hyperpersonal_core.memory.embedding import Vectors, unit_rows
from hyperpersonal_core.memory.minilm import package_folder

STATIC_DIMENSIONS = 256
TOKENS_MAX = 512
WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"


class StaticEmbedder:
    """Unit rows of 256 floats; knows words, not their order."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text; a text without words gives zeros."""
        tokenizer, weights = _open()
        rows = np.zeros((len(texts), STATIC_DIMENSIONS), np.float32)
        for n, encoding in enumerate(tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            if encoding.ids:
                rows[n] = weights[encoding.ids].mean(0)
        return unit_rows(rows)


@cache
def _open() -> tuple[Tokenizer, Vectors]:
    """The package's files never change under a running process: read once."""
    folder = package_folder("wordllama")
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS_MAX)
    (weights,) = load_file(folder / WEIGHTS).values()
    return tokenizer, weights.astype(np.float32)
