"""Writes the schemas anew after the types changed; a test holds files and types equal."""

import json
from pathlib import Path

from hyperpersonal_sdk import bundle, manifest

HERE = Path(__file__).parent
SCHEMAS = {"manifest.json": manifest.schema, "bundle.json": bundle.schema}
FILE = HERE / "manifest.json"


def rendered(name: str = FILE.name) -> str:
    """A schema as its file holds it."""
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in SCHEMAS:
        (HERE / name).write_text(rendered(name))
