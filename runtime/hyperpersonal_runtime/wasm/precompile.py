"""`python -m hyperpersonal_runtime.wasm.precompile COMPONENT TARGET`, in a throw-away process."""

import sys
from pathlib import Path

from hyperpersonal_runtime.wasm.engine import precompile

if __name__ == "__main__":
    precompile(Path(sys.argv[1]), Path(sys.argv[2]))
