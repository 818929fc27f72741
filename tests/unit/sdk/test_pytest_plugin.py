import subprocess
import sys

HEAVY = ("msgspec", "jsonschema", "cryptography", "click", "wasmtime", "hyperpersonal_runtime")


def test_that_every_pytest_run_pays_little_for_our_plugin() -> None:
    code = (
        "import sys, hyperpersonal_sdk.testing.pytest_plugin;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
