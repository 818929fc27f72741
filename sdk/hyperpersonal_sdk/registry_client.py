"""Speaks with a registry: who one is, what one hands in, what became of it.

A token lets its bearer hand something in; only signatures make a release appear. Every request has
a deadline, every answer a size limit; nothing is retried by itself but reads.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from hyperpersonal_sdk import key_files
from hyperpersonal_sdk.errors import BadInputError

API = "/v1/registry"
LOGIN_PURPOSE = b"hyperpersonal-registry-login-v1\n"
KEY_PURPOSE = b"hyperpersonal-registry-key-v1\n"
SECONDS_MAX = 60.0
ANSWER_BYTES_MAX = 64 * 1024 * 1024
READ_TRIES = 3
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Json = dict[str, Any]


class RegistryRefusedError(BadInputError):
    """The registry said no; `status` and `problem` (RFC 9457) say why."""

    code = "registry_refused"

    def __init__(self, status: int, problem: Json) -> None:
        told = problem.get("detail") or problem.get("title") or f"status {status}"
        super().__init__(str(told))
        self.status = status
        self.problem = problem


class RegistryAwayError(BadInputError):
    """The registry does not answer."""

    code = "registry_away"


class Session(Struct, frozen=True):
    """A login. `token` is short-lived and worth nothing without the key; `namespace`: the one
    that the key speaks for."""

    token: str
    expires_in_s: int
    roles: list[str] = []
    namespace: str | None = None


class RegistryClient:
    """One registry, as one key or nobody. Close it, or use it as a context manager.

    Args:
        url: of the registry, `https://…`; `http://` is only spoken to this machine.
        token: of an earlier `login`; empty: only what everybody may read.
        answer_bytes_max: more is not read.

    Raises:
        BadInputError: the address cannot be used.
    """

    def __init__(
        self, url: str, token: str = "", *, answer_bytes_max: int = ANSWER_BYTES_MAX
    ) -> None:
        _check_address(url)
        self.url = url.rstrip("/")
        self._answer_bytes_max = answer_bytes_max
        self._http = httpx.Client(base_url=self.url, timeout=SECONDS_MAX, follow_redirects=False)
        self._take(token)

    def __enter__(self) -> "RegistryClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def login(self, key: Ed25519PrivateKey) -> Session:
        """Prove that one holds the key; later requests carry the token.

        Raises:
            RegistryRefusedError, RegistryAwayError.
        """
        public = key_files.public_text(key)
        challenge = self.post("/login/challenge", {"public": public})["challenge"]
        signature = key.sign(LOGIN_PURPOSE + str(challenge).encode()).hex()
        answer = self.post(
            "/login", {"public": public, "challenge": challenge, "signature": signature}
        )
        session = msgspec.convert(answer, Session)
        self._take(session.token)
        return session

    def claim(self, namespace: str, domain: str = "") -> Json:
        """Ask for a namespace; `next` of the answer says how to prove that it is one's own."""
        return self.post("/namespaces", {"name": namespace, "domain": domain})

    def prove(self, namespace: str) -> Json:
        """Let the registry look at the proof of a claimed namespace now."""
        return self.post(f"/namespaces/{_part(namespace)}/prove")

    def namespace(self, namespace: str) -> Json:
        """What is known of a namespace: `state`, `keys`, `next`."""
        return self.get(f"/namespaces/{_part(namespace)}")

    def add_key(self, namespace: str, new: Ed25519PrivateKey, old: Ed25519PrivateKey) -> Json:
        """Let the new key speak for the namespace too; the old one stands for it."""
        public = key_files.public_text(new)
        said = KEY_PURPOSE + f"{namespace}\n{public}".encode()
        body = {"public": public, "signature": old.sign(said).hex(), "proof": new.sign(said).hex()}
        return self.post(f"/namespaces/{_part(namespace)}/keys", body)

    def metadata(self, namespace: str) -> bytes | None:
        """The newest TUF metadata of a namespace; None before its first release."""
        try:
            return self.get_bytes(f"/namespaces/{_part(namespace)}/metadata")
        except RegistryRefusedError as error:
            if error.status == 404:
                return None
            raise

    def submit(
        self, artifact: bytes, envelope: bytes, metadata: bytes | None, **options: str
    ) -> Json:
        """Hand in a release; `options` are further fields of the form. Gives the submission."""
        files = {
            "artifact": ("release.hpx", artifact, "application/octet-stream"),
            "envelope": ("release.hpx.sig", envelope, "application/json"),
        }
        if metadata is not None:
            files["metadata"] = ("namespace.json", metadata, "application/json")
        answer = self._send("POST", "/submissions", files=files, data=options)
        return _decoded(answer)

    def submission(self, digest: str) -> Json:
        """A submission with its verdicts, its reviews and what is due next."""
        return self.get(f"/submissions/{_part(digest)}")

    def submissions(self, namespace: str) -> list[Json]:
        """A namespace's newest fifty submissions, newest first, without their verdicts."""
        return list(self.get("/submissions", namespace=namespace).get("items", []))

    def appeal(self, digest: str, text: str) -> Json:
        """Ask a person to look at a failed check."""
        return self.post(f"/submissions/{_part(digest)}/appeal", {"text": text})

    def releases(self, plugin_id: str) -> list[Json]:
        """Every release of a plugin, withdrawn ones too."""
        found = self.get(f"/releases/{plugin_id}")
        return list(found.get("items", []))

    def yank(self, plugin_id: str, version: str, reason: str) -> Json:
        """Withdraw one's own release."""
        return self.post(f"/releases/{plugin_id}/{_part(version)}/yank", {"reason": reason})

    def blob(self, digest: str) -> bytes:
        """An artifact by its digest; whoever fetches it verifies it."""
        return self.get_bytes(f"/blobs/{_part(digest)}")

    def get(self, path: str, **query: str) -> Json:
        """Any reading request under `/v1/registry`."""
        return _decoded(self._send("GET", path, params=query))

    def get_bytes(self, path: str) -> bytes:
        """Any file under `/v1/registry`."""
        return self._send("GET", path)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Any writing request under `/v1/registry`."""
        return _decoded(self._send("POST", path, json=dict(body or {})))

    def _take(self, token: str) -> None:
        if token:
            self._http.headers["authorization"] = f"Bearer {token}"

    def _send(self, method: str, path: str, **request: Any) -> bytes:
        for left in reversed(range(READ_TRIES if method == "GET" else 1)):
            try:
                with self._http.stream(method, API + path, **request) as answer:
                    return _right(answer.status_code, self._body(answer))
            except httpx.HTTPError as error:
                if left:
                    continue
                words = f"the registry at {self.url} does not answer: {error}"
                raise RegistryAwayError(f"{words}. Is the address right (--registry)?") from error
        raise AssertionError

    def _body(self, answer: httpx.Response) -> bytes:
        """What came, as long as it is no flood."""
        body = bytearray()
        for part in answer.iter_bytes():
            body += part
            if len(body) > self._answer_bytes_max:
                raise RegistryAwayError("the registry's answer is too large")
        return bytes(body)


def _right(status: int, body: bytes) -> bytes:
    if 200 <= status < 300:
        return body
    try:
        problem = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = {}
    raise RegistryRefusedError(status, problem if isinstance(problem, dict) else {})


def _decoded(body: bytes) -> Json:
    if not body:
        return {}
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RegistryAwayError("the registry's answer is no JSON") from error
    return found if isinstance(found, dict) else {"items": found}


def _check_address(url: str) -> None:
    found = urlsplit(url)
    near = found.scheme == "http" and found.hostname in _LOOPBACK
    if not (found.hostname and (found.scheme == "https" or near)):
        raise BadInputError(
            f"{url!r} is no address of a registry; write https://…, or http://127.0.0.1:PORT for "
            "one on this machine"
        )


def _part(text: str) -> str:
    return quote(text, safe="@:+-._~")
