"""What a tenant may give: never more than was asked, and enough for the plugin to work. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema
import msgspec
from hyperpersonal_sdk.capabilities import CapabilitySet, Http
from hyperpersonal_sdk.errors import CapabilityError
from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.url_patterns import UrlPattern

from hyperpersonal_marketplace.errors import InstallRefusedError
from hyperpersonal_marketplace.permissions import in_words

CONFIG_BYTES_MAX = 64 * 1024
SECRETS_MAX = 10
_HEADER_VALUE = re.compile(r"[\t -~]{1,4096}")  # RFC 9110, section 5.5, without obs-text

Secrets = Mapping[str, Mapping[str, str]]


def checked_grants(manifest: Manifest, grants: Sequence[str]) -> tuple[str, ...]:
    """The grants in canonical form.

    Raises:
        InstallRefusedError: `reason` is bad_grant, more_than_asked or too_little.
    """
    given = check_asked(manifest, grants)
    missing = ungranted(manifest, given)
    if missing:
        what = "; ".join(map(in_words, missing))
        raise InstallRefusedError("too_little", f"{manifest.title} cannot work without: {what}")
    return given.texts


def check_asked(manifest: Manifest, grants: Sequence[str]) -> CapabilitySet:
    """The grants as a set. Raises InstallRefusedError: bad_grant or more_than_asked."""
    try:
        given = CapabilitySet.parse(grants)
    except CapabilityError as error:
        raise InstallRefusedError("bad_grant", str(error)) from error
    beyond = given.beyond(manifest.asked)
    if beyond.texts:
        what = "; ".join(beyond.texts)
        raise InstallRefusedError("more_than_asked", f"{manifest.id} does not ask for: {what}")
    return given


def ungranted(manifest: Manifest, given: CapabilitySet) -> list[str]:
    """Required capabilities of which nothing at all was given (narrower is enough)."""
    return [
        right.text for right in manifest.required if not CapabilitySet([right]).meet(given).texts
    ]


def check_config(manifest: Manifest, config: dict[str, Any]) -> None:
    """Raises InstallRefusedError (bad_config) where the config is not of the manifest's schema."""
    written = msgspec.json.encode(config)
    if len(written) > CONFIG_BYTES_MAX:
        raise InstallRefusedError("bad_config", f"more than {CONFIG_BYTES_MAX} bytes of config")
    if b"\\u0000" in written:  # PostgreSQL keeps no such character
        raise InstallRefusedError("bad_config", "the config holds the character U+0000")
    if not manifest.config and config:
        raise InstallRefusedError("bad_config", f"{manifest.title} has nothing to configure")
    try:
        error = jsonschema.exceptions.best_match(
            jsonschema.Draft202012Validator(manifest.config).iter_errors(config)
        )
    except RecursionError as deep:
        message = f"the schema of {manifest.title}'s config has no end"
        raise InstallRefusedError("bad_config", message) from deep
    if error is not None:
        where = error.json_path.removeprefix("$").removeprefix(".") or "config"
        raise InstallRefusedError("bad_config", f"{where}: {error.message[:300]}")


def check_secrets(manifest: Manifest, grants: Sequence[str], secrets: Secrets) -> None:
    """Credentials go only where the plugin was granted to go, under the headers it named.

    Raises:
        InstallRefusedError: bad_secret; the value is never in the message.
    """
    if len(secrets) > SECRETS_MAX:
        raise InstallRefusedError("bad_secret", f"more than {SECRETS_MAX} addresses")
    for prefix, headers in secrets.items():
        _check_address(prefix, CapabilitySet.parse(grants))
        _check_headers(manifest, headers)
    given = {header.lower() for headers in secrets.values() for header in headers}
    for item in manifest.secrets:
        if not item.optional and item.header.lower() not in given:
            raise InstallRefusedError("bad_secret", f"{item.header} is missing: {item.why}")


def _check_address(prefix: str, given: CapabilitySet) -> None:
    try:
        pattern = UrlPattern.parse(prefix.rstrip("/") + "/*")
    except CapabilityError as error:
        raise InstallRefusedError("bad_secret", f"{prefix!r} is no address: {error}") from error
    if not any(isinstance(right, Http) and right.url.meet(pattern) for right in given):
        raise InstallRefusedError("bad_secret", f"nothing granted ever goes to {prefix}")


def _check_headers(manifest: Manifest, headers: Mapping[str, str]) -> None:
    named = {item.header.lower() for item in manifest.secrets}
    for header, value in headers.items():
        if header.lower() not in named:
            raise InstallRefusedError("bad_secret", f"{manifest.title} names no header {header!r}")
        if not _HEADER_VALUE.fullmatch(value):
            raise InstallRefusedError("bad_secret", f"the value of {header} is no header's value")
