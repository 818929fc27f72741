"""Which log a root names, and what a host asks of it: the admit step that comes last.

The log's key stands in the root, which its holders sign offline: whoever steals the registry's own
keys cannot name another log, and a stolen log key goes in a ceremony, as every other key does.
"""

from functools import partial
from pathlib import Path

from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency.checkpoint import Witnesses
from hyperpersonal_sdk.transparency.note import NoteKey
from tuf.api.metadata import Metadata, Root
from tuf.ngclient import Updater

from hyperpersonal_registry.trust import verified
from hyperpersonal_registry.trust.ceremony import LOG
from hyperpersonal_registry.trust.seen_log import Ask, SeenLog
from hyperpersonal_registry.trust.subjects import Measured
from hyperpersonal_registry.trust.verified import guarded


def name_log(root: Metadata[Root], log: NoteKey) -> Metadata[Root]:
    """The same draft, naming this log."""
    root.signed.unrecognized_fields[LOG] = log.text
    return root


def log_of(root: Root) -> NoteKey | None:
    """The log a root names; None: it was made before roots named one.

    Raises:
        UntrustedError: `bad_key`: it names something else.
    """
    text = root.unrecognized_fields.get(LOG)
    return None if text is None else NoteKey.parse(str(text))


class Logged:
    """What a host sees of its registry's log. Where the root names none, nothing is asked.

    Args:
        folder: where it is kept.
        witnesses: whose cosignatures its operator wants, and how many.
    """

    def __init__(self, folder: Path, witnesses: Witnesses) -> None:
        self._seen = SeenLog(folder, witnesses)

    def take(self, updater: Updater, mirror: Ask) -> UntrustedError | None:
        """Prove the releases of metadata that is about to be believed; what hinders, if anything.

        Raises:
            UntrustedError: `split_view`: then nothing from this registry is believed any more.
        """
        log = log_of(updater._trusted_set.root)
        if log is None:
            return None
        try:
            guarded(partial(self._seen.take, log, verified.releases(updater), mirror))
        except UntrustedError as error:
            if error.code == "split_view":
                raise
            return error
        return None

    def catch_up(self, updater: Updater, mirror: Ask) -> bool:
        """Look whether the log has grown, and prove what could not be proven before; whether any
        was. Raises UntrustedError, see `SeenLog.take`."""
        log = log_of(updater._trusted_set.root)
        if log is None:
            return False
        if self._seen.missing(log) is None:
            return guarded(partial(self._seen.take, log, verified.releases(updater), mirror))
        return guarded(partial(self._seen.catch_up, log, mirror))

    def log(self, updater: Updater) -> NoteKey | None:
        """The log that counts here. Raises UntrustedError `bad_key`."""
        return log_of(updater._trusted_set.root)

    def check(self, updater: Updater, plugin_id: str, version: str, archive: Measured) -> None:
        """The log holds this release with this digest. Raises UntrustedError `unlogged`."""
        log = log_of(updater._trusted_set.root)
        if log is not None:
            self._seen.check(log, (plugin_id, version), archive.digest)
