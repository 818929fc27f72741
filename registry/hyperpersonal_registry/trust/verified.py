"""What a verified generation of metadata says: python-tuf's `Updater`, asked our questions.

python-tuf verifies; here is only asked, and its refusals become ours. It has no public way to load
one named role, so `_load_targets` and `_trusted_set` are used; its version is pinned.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

from hyperpersonal_sdk import attestations, dsse
from hyperpersonal_sdk.errors import UntrustedError
from msgspec import Struct
from tuf.api.exceptions import DownloadError, ExpiredMetadataError, RepositoryError
from tuf.api.metadata import Metadata, MetaFile, TargetFile, Targets, Timestamp
from tuf.ngclient import Updater

from hyperpersonal_registry.trust.ceremony import reviewers_of
from hyperpersonal_registry.trust.namespaces import release_path
from hyperpersonal_registry.trust.roles import REVIEWS, WITHDRAWN, is_bin, is_own
from hyperpersonal_registry.trust.subjects import Measured

T = TypeVar("T")
TOP = ("root", "timestamp", "snapshot", "targets")


class Admitted(Struct, frozen=True):
    """An archive its publisher stands for, which nobody withdrew. `reviewers`: public keys (hex)
    of those who stand for these very bytes; `bin_`: where their words are, '' where none is."""

    plugin_id: str
    version: str
    sha256: str
    reviewers: tuple[str, ...] = ()
    bin_: str = ""

    def check_people(self, needed: int) -> None:
        """Raises UntrustedError `unreviewed`: so many people do not stand for it."""
        if len(self.reviewers) < needed:
            name = release_path(self.plugin_id, self.version)
            found = len(self.reviewers)
            _refuse("unreviewed", f"{name}: {found} of {needed} reviewers stand for it")


def take_all(updater: Updater, known: Mapping[str, MetaFile]) -> None:
    """The newest of every role. A publisher's own fault is its own loss: nothing of it is
    admitted, everything of the others is. `known`: what was taken before, by file name; a part of
    the reviews that is the same is on disk, and verified where something in it is loaded."""
    guarded(updater.refresh)
    present = updater._trusted_set.snapshot.meta
    for name in delegated(updater):
        if is_bin(name) and known.get(f"{name}.json") == present[f"{name}.json"]:
            continue
        try:
            _part(updater, name)
        except UntrustedError as error:
            if is_own(name) or error.code == "unreachable":
                raise


def releases(updater: Updater) -> dict[str, set[str]]:
    """The target paths of each publisher's releases; of one whose metadata is broken, none."""
    found = {}
    for name in delegated(updater):
        if not is_own(name):
            with suppress(UntrustedError):
                found[name] = set(_part(updater, name).targets)
    return found


def load_all(updater: Updater) -> None:
    """What every load needs of it, from disk: what else is broken there is not admitted later."""
    for name in (WITHDRAWN, REVIEWS):
        if name in delegated(updater):
            _part(updater, name)


def admit(updater: Updater, plugin_id: str, version: str, archive: Measured) -> Admitted:
    """Whether the archive is this release, and who stands for it: `check_people` is the caller's.

    Raises: UntrustedError.
    """
    path = release_path(plugin_id, version)
    target = find(updater, path)
    if target is None:
        _refuse("unknown_release", f"{path}: its publisher has no such release")
    if target.length != archive.length or target.hashes.get("sha256") != archive.sha256:
        _refuse("altered", f"{path}: these are not the bytes its publisher signed")
    withdrawn = find(updater, f"{WITHDRAWN}/{archive.sha256}")
    if withdrawn is not None:
        _refuse("withdrawn", f"{path} was withdrawn: {withdrawn.custom['reason']}")
    found = _reviewers(updater, plugin_id, archive)
    where = _role_of(updater, f"{REVIEWS}/{archive.sha256}") if found else ""
    return Admitted(plugin_id, version, archive.sha256, found, where)


def _reviewers(updater: Updater, plugin_id: str, archive: Measured) -> tuple[str, ...]:
    """Whose signed review covers the archive: different people, none of its publisher."""
    review = find(updater, f"{REVIEWS}/{archive.sha256}")
    if review is None:
        return ()
    looked_at = (archive.digest, archive.permissions, str(review.custom.get("report")))
    signed = [str(one).encode() for one in review.custom.get("attestations", [])]
    publishers = keys_of(updater, plugin_id.partition("/")[0])
    found = attestations.approvers(signed, looked_at, reviewers(updater), publishers)
    return tuple(sorted(key.hex() for key in found))


def reviewers(updater: Updater) -> list[bytes]:
    """Whose reviews count: whom the holders of the root named, but for those taken back since."""
    named = reviewers_of(updater._trusted_set.root)
    return [key for key in named if find(updater, f"{WITHDRAWN}/{dsse.key_id(key)}") is None]


def find(updater: Updater, path: str) -> TargetFile | None:
    """The target of this path, from the one role that may name it; None when there is none."""
    top = path.partition("/")[0]
    roles = updater._trusted_set.targets.delegations
    role = roles.roles.get(top) if roles and roles.roles else None
    if role is None or top not in delegated(updater) or not role.is_delegated_path(path):
        return None
    name = _role_of(updater, path)
    if f"{name}.json" not in updater._trusted_set.snapshot.meta:
        return None
    targets = _part(updater, name)
    if targets.is_expired(datetime.now(UTC)):
        _refuse("expired_metadata", f"what {name!r} signed expired {targets.expires}")
    return targets.targets.get(path)


def _role_of(updater: Updater, path: str) -> str:
    """The role that names a path: that of its first part, for reviews one of the bins below it."""
    top = path.partition("/")[0]
    below = _part(updater, top).delegations if top == REVIEWS else None
    if below is None or below.succinct_roles is None:
        return top
    return below.succinct_roles.get_role_for_target(path)


def _part(updater: Updater, name: str) -> Targets:
    """A role below the top, verified; the reviews before a bin of them."""
    if is_bin(name):
        guarded(partial(updater._load_targets, REVIEWS, "targets"))
    above = REVIEWS if is_bin(name) else "targets"
    return guarded(partial(updater._load_targets, name, above))


def keys_of(updater: Updater, name: str) -> list[bytes]:
    """The public keys (32 bytes each) that speak for a role, of the root or a delegated one."""
    root, named = updater._trusted_set.root, updater._trusted_set.targets.delegations
    if name in TOP:
        keys = [root.keys[keyid] for keyid in root.roles[name].keyids]
    else:
        role = named.roles.get(name) if named and named.roles else None
        keys = [named.keys[keyid] for keyid in role.keyids] if named and role else []
    return [bytes.fromhex(key.keyval["public"]) for key in keys if key.keytype == "ed25519"]


def delegated(updater: Updater) -> list[str]:
    """The roles that have signed something, but for the platform's own `targets`."""
    names = [name.removesuffix(".json") for name in updater._trusted_set.snapshot.meta]
    return [name for name in names if name != "targets"]


def rests_on(found: Admitted) -> list[str]:
    """The roles an admission rests on, beside those at the top."""
    reviews = [REVIEWS, found.bin_] if found.bin_ else []
    return [found.plugin_id.partition("/")[0], WITHDRAWN, *reviews]


def check_expiry(updater: Updater, *roles: str) -> None:
    """Raises UntrustedError `expired_metadata` when one of these roles, or one at the top, is no
    longer believed."""
    now = datetime.now(UTC)
    for name in (*TOP, *roles):
        signed = updater._trusted_set[name]
        if signed.is_expired(now):
            _refuse("expired_metadata", f"the {name} known here expired {signed.expires}")


def why_not(folder: Path) -> UntrustedError:
    """Of metadata that does not do, python-tuf only says that it would fetch newer."""
    for name in ("timestamp", "snapshot", "targets"):
        path = folder / f"{name}.json"
        if path.exists():
            expires = Metadata[Timestamp].from_file(str(path)).signed.expires
            if datetime.now(UTC) >= expires:
                said = f"the {name} known here expired {expires}"
                return UntrustedError("expired_metadata", said)
    return UntrustedError("untrusted_metadata", "what is kept here is not whole; refresh it")


def version_in(folder: Path) -> int:
    """The version of the timestamp kept in a folder; 0 when there is none."""
    path = folder / "timestamp.json"
    return Metadata[Timestamp].from_file(str(path)).signed.version if path.exists() else 0


def guarded(ask: Callable[[], T]) -> T:
    """python-tuf's refusals as ours."""
    try:
        return ask()
    except ExpiredMetadataError as error:
        raise UntrustedError("expired_metadata", f"known here is only: {error}") from error
    except (RepositoryError, ValueError) as error:
        raise UntrustedError("untrusted_metadata", str(error)) from error
    except (DownloadError, OSError) as error:
        raise UntrustedError("unreachable", f"the mirror gave no answer: {error}") from error


def _refuse(code: str, message: str) -> NoReturn:
    raise UntrustedError(code, message)
