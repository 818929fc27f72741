"""The server's secret: from the settings, else made once and kept in the data folder."""

import os
import secrets
from pathlib import Path


def server_secret(given: str, folder: Path) -> str:
    """The secret that signs shoppers' tokens.

    Two processes that start at once agree: one makes the file, both read it.
    """
    if given:
        return given
    path = folder / "secret"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()
