"""`python -m hyperpersonal_runtime.wasm.precompile COMPONENT TARGET`, in a throw-away process.

Exit code 3: the component may not run here; the last line says why.
"""

import sys
from pathlib import Path

from hyperpersonal_runtime.wasm.engine import NoPluginError, precompile

REFUSED = 3

if __name__ == "__main__":
    try:
        precompile(Path(sys.argv[1]), Path(sys.argv[2]))
    except NoPluginError as refusal:
        sys.stdout.write(f"{' '.join(str(refusal).split())[:2000]}\n")
        sys.exit(REFUSED)
