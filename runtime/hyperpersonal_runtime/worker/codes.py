"""Code of the releases used last, shared by all lanes of a worker."""

import threading
from collections import OrderedDict

RELEASES_MAX = 256


class Codes:
    """Texts by digest, and which releases cannot be loaded ahead of their call."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._unfit: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: str) -> str | None:
        with self._lock:
            text = self._texts.get(digest)
            if text is not None:
                self._texts.move_to_end(digest)
            return text

    def put(self, digest: str, text: str) -> None:
        with self._lock:
            self._texts[digest] = text
            if len(self._texts) > RELEASES_MAX:
                self._texts.popitem(last=False)

    def is_fit(self, digest: str) -> bool:
        with self._lock:
            return digest not in self._unfit

    def mark_unfit(self, digest: str) -> None:
        with self._lock:
            self._unfit[digest] = None
            if len(self._unfit) > RELEASES_MAX:
                self._unfit.popitem(last=False)
