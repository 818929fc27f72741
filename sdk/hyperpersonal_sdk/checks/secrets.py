"""Keys, tokens and passwords that were left in the files: everybody who installs has them."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from hyperpersonal_sdk.checks.reading import Reading, lines
from hyperpersonal_sdk.checks.rule import Finding

NAME = "secrets"
REASON = "A secret in a signed artifact is published for good, in every copy of it."
FIX = "Take it out, and change it where it is valid; headers come from [[secrets]] in the manifest."
WAIVABLE = True

CHARS_MIN, ENTROPY_MIN = 16, 3.3

# What vendors' credentials look like. Source: the vendors' documentation of their formats.
_KNOWN = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "an AWS key": r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}\b",
    "a GitLab token": r"\bgl(?:pat|dt|rt|oas)-[A-Za-z0-9_-]{20,}\b",
    "a Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "a Slack webhook": r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    "a Stripe key": r"\b(?:sk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,}\b",
    "a model vendor's key": r"\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,}",
    "a Google key": r"\bAIza[A-Za-z0-9_-]{35}\b|\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[\w-]{20,}",
    "an npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a PyPI token": r"\bpypi-[A-Za-z0-9_-]{32,}",
    "a SendGrid key": r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    "a Shopify token": r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b",
    "a Twilio key": r"\bSK[0-9a-f]{32}\b",
    "a Telegram token": r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    "an age key": r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}",
}
_EXAMPLE = "EXAMPLE"  # how vendors' handbooks end keys that open nothing
FORMATS = {name: re.compile(pattern) for name, pattern in _KNOWN.items()}
_IN_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s:/@\"'{}<>]{1,60}:([^\s@\"'{}<>]{4,})@[\w.-]+")
_HEADER = re.compile(r"\b(?:bearer|basic)\s+([A-Za-z0-9+/._=-]{16,})", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?:secret|token|passw(?:or)?d|passwd|pwd|api[_-]?key|apikey|private[_-]?key|access[_-]?key|"
    r"credential|auth[_-]?key|client[_-]?secret|signing[_-]?key)[\w-]*[\"']?\]?\s*(?::\s*\w+\s*)?"
    r"(?:=|:|=>)\s*[rbuf]?[\"'`]([^\"'`\s]{8,})[\"'`]",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"example|change.?me|placeholder|your|dummy|fake|sample|x{4,}|\.\.\.|<.*>|\{.*\}|\$\{?\w+|"
    r"^(?:test|none|null|true|false|todo)|0{6,}|1234567|(?:abc|foo|bar)",
    re.IGNORECASE,
)


def check(reading: Reading) -> Iterator[Finding]:
    """Where something lies that opens a door elsewhere; never the secret itself."""
    for path, text in reading.texts.items():
        for number, line in lines(text):
            what = _in(line)
            if what:
                yield Finding(f"{path}:{number}", f"holds {what}")


def _in(line: str) -> str:
    for name, pattern in FORMATS.items():
        if any(not found[0].endswith(_EXAMPLE) for found in pattern.finditer(line)):
            return name
    found = _IN_URL.search(line)
    if found and not _PLACEHOLDER.search(found[1]):
        return "a password in an address"
    for pattern, what in ((_HEADER, "a credential of a header"), (_ASSIGNED, "a secret's value")):
        for match in pattern.finditer(line):
            if _is_random(match[1]):
                return what
    return ""


def _is_random(text: str) -> bool:
    """Whether nobody would write it by hand: mixed, long, even. Words and names are not."""
    if len(text) < CHARS_MIN or _PLACEHOLDER.search(text):
        return False
    counts = Counter(text).values()
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in counts)
    mixed = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", r"\d", r"[^\w]"))
    return bits >= ENTROPY_MIN and mixed >= 2 and bool(re.search(r"\d", text))
