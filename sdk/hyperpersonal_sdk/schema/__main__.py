"""Writes the schemas anew after the types changed; a test holds files and types equal."""

import json
from pathlib import Path

from hyperpersonal_sdk import manifest

FILE = Path(__file__).parent / "manifest.json"


def rendered() -> str:
    """The manifest's schema as the file holds it."""
    return json.dumps(manifest.schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(rendered())
