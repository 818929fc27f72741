"""The registry's own keys on disk (`registry-keys/`), and the root each host pins (`trust/`)."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_sdk import key_files
from hyperpersonal_sdk.transparency.note import NoteKey

from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.trust import ceremony
from hyperpersonal_registry.trust.logged import name_log
from hyperpersonal_registry.trust.roles import Lifetimes, OnlineKeys, public_of

ONLINE = ("targets", "snapshot", "timestamp", "withdrawn")
LOG_NAME = "log"
ROOT_FILE = "root.json"


class KeyFolder:
    """Files readable by their owner only; each is made once and never written over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def is_there(self) -> bool:
        """Whether the registry's own keys are on this machine."""
        return all((self.folder / name).exists() for name in (*ONLINE, LOG_NAME))

    def online(self) -> OnlineKeys:
        """The registry's own keys. Raises KeyFileError."""
        return OnlineKeys(*(key_files.load_key(self.folder / name) for name in ONLINE))

    def signer(self, origin: str) -> Signer:
        """Who signs the log; `origin` names it. Raises KeyFileError."""
        return Signer(origin, key_files.load_key(self.folder / LOG_NAME))

    def key(self, name: str) -> Ed25519PrivateKey:
        """The key of this name; made when there is none."""
        path = self.folder / name
        if path.exists():
            return key_files.load_key(path)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return key_files.make_key(path)

    def holders(self) -> list[Ed25519PrivateKey]:
        """The root holders' keys that nobody has taken off this machine: `root-1`, `root-2`, …"""
        found = sorted(self.folder.glob("root-[0-9]*"))
        return [key_files.load_key(path) for path in found if not path.suffix]

    def take_over(self, name: str) -> None:
        """`<name>.new` becomes the key of this name; the one before is kept as `<name>.old`."""
        for part in ("", ".pub"):
            path = self.folder / f"{name}{part}"
            path.replace(self.folder / f"{name}.old{part}")
            (self.folder / f"{name}.new{part}").replace(path)

    def make(self) -> OnlineKeys:
        """The registry's own keys, made where they are missing."""
        for name in (*ONLINE, LOG_NAME):
            self.key(name)
        return self.online()


def first_root(
    keys: OnlineKeys,
    holders: Sequence[Ed25519PrivateKey],
    threshold: int,
    now: datetime,
    lifetimes: Lifetimes | None = None,
    *,
    reviewers: Mapping[bytes, str] | None = None,
    log: NoteKey | None = None,
) -> bytes:
    """A first root, signed by all holders; `threshold` of them will do later. `reviewers`: whom
    it names, public key (32 bytes) -> name; `log`: the log in which hosts look for releases.

    Raises:
        RefusedError: fewer holders than must sign, or one who stands there twice.
    """
    online = {
        "targets": public_of(keys.targets),
        "snapshot": public_of(keys.snapshot),
        "timestamp": public_of(keys.timestamp),
    }
    ends = (now + (lifetimes or Lifetimes()).root).replace(microsecond=0)
    publics = [public_of(key) for key in holders]
    root = ceremony.new_root(publics, threshold, online, ends, reviewers)
    if log is not None:
        name_log(root, log)
    ceremony.sign(root, *holders)
    return root.to_bytes()


def fingerprint(root: bytes) -> str:
    """The name of a root: the sha256 of its bytes, hex. Hosts are told it by another way."""
    return hashlib.sha256(root).hexdigest()


class Pins:
    """The roots a host believes in: `trust/<first 16 digits>/root.json`, put there by its
    operator; beside each, what was verified under it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pin(self, root: bytes) -> Path:
        """Believe in a root from now on; gives its folder.

        Raises:
            RefusedError: it is no first root that its own holders signed.
        """
        ceremony.check(root, None)
        folder = self._of(fingerprint(root))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ROOT_FILE).write_bytes(root)
        return folder

    def find(self, name: str) -> tuple[Path, bytes] | None:
        """Folder and root of this fingerprint; None when it is not believed in.

        Raises:
            RefusedError: the file there is another root.
        """
        path = self._of(name) / ROOT_FILE
        if not path.exists():
            return None
        root = path.read_bytes()
        if fingerprint(root) != name:
            raise RefusedError(f"{path} was changed; put the registry's root there again")
        return path.parent, root

    @property
    def any(self) -> bool:
        """Whether this host believes in any root."""
        return any(self._folder.glob(f"*/{ROOT_FILE}"))

    def _of(self, name: str) -> Path:
        return self._folder / name[:16]
