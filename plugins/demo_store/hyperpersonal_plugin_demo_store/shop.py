"""Speaks the shop's HTTP. The host adds the token; every failure becomes one a shopper can be told.

A 5xx is asked for once more: a read changes nothing, and a write carries its key, so the shop acts
once. Silence is not: the host waited long enough, and the shopper waits too.
"""

import json
from urllib.parse import urlencode

from hyperpersonal_sdk.authoring import HostCallFailedError, ToolFailedError

from hyperpersonal_plugin_demo_store.shapes import CURRENCY

ID_CHARS_MAX = 64
TRIES_MAX = 2
SILENCE = 599  # no answer came at all; not a status of HTTP
KINDS = {404: "not-found", 400: "invalid", 409: "invalid", 422: "invalid", 403: "denied"}
NO_ANSWER = "The shop does not answer now. Please try again in a few minutes."
NOT_KNOWN = "The shop did not answer, so it is not known whether this was done."


def segment(text):
    """An id as a part of a path; what cannot be an id is not found."""
    one = str(text).strip().removeprefix("#")
    plain = one.replace("_", "").replace("-", "")
    if not (plain.isascii() and plain.isalnum() and len(one) <= ID_CHARS_MAX):
        raise ToolFailedError("not-found", f"There is nothing with the number {str(text)[:80]!r}.")
    return one


class Shop:
    """The shop of one installation."""

    def __init__(self, host):
        self._host = host
        self._base_url = host.config["base_url"].rstrip("/")
        self._headers = {"X-Store": host.config["store"]} if host.config.get("store") else {}

    def get(self, path, query=None):
        """What the shop has there, as plain JSON."""
        told = urlencode({name: value for name, value in (query or {}).items() if value})
        url = self._base_url + path + ("?" + told if told else "")
        return self._ask("GET", url, self._headers, "", NO_ANSWER)

    def write(self, method, path, body, idempotency_key):
        """Let the shop act once for this key, moving at most what the host allows this call."""
        headers = {**self._headers, "Content-Type": "application/json"}
        headers["Idempotency-Key"] = idempotency_key
        if self._host.money_max is not None:
            headers["Max-Amount"] = str(self._host.money_max.get(CURRENCY, 0))
        url = self._base_url + path
        done = self._ask(method, url, headers, json.dumps(body), NOT_KNOWN)
        if "moved" in done:
            self._host.moved(done["moved"], CURRENCY)
        return done

    def _ask(self, method, url, headers, body, no_answer):
        for _ in range(TRIES_MAX):
            status, answer = self._fetch(method, url, headers, body)
            if 200 <= status < 300 and answer is not None:
                return answer
            if status < 500 or status == SILENCE:
                break
        if status not in KINDS:
            raise ToolFailedError("unavailable", NO_ANSWER if status == 429 else no_answer)
        raise ToolFailedError(KINDS[status], (answer or {}).get("message", no_answer))

    def _fetch(self, method, url, headers, body):
        """(status, JSON or None)."""
        try:
            answer = self._host.fetch(url, method, headers, body)
        except HostCallFailedError as error:
            if error.kind not in ("unavailable", "failed"):
                raise
            return SILENCE, None
        try:
            return answer.status, json.loads(answer.body)
        except ValueError:
            return max(answer.status, 500), None
