"""A shopper's token opens one conversation, until it ends, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import jwt
import pytest
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.errors import UnauthenticatedError
from hyperpersonal_web.http.tokens import LIFETIME, ContactScope, ContactTokens
from hyperpersonal_web.secret import server_secret

SCOPE = ContactScope(*(UUID(int=n) for n in range(1, 5)))
SECRET = "s" * 32


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, tzinfo=UTC))


def test_that_a_token_gives_its_scope_back(clock: FixedClock) -> None:
    tokens = ContactTokens(SECRET, clock)
    assert tokens.read(tokens.mint(SCOPE)) == SCOPE


def test_that_a_token_ends(clock: FixedClock) -> None:
    tokens = ContactTokens(SECRET, clock)
    token = tokens.mint(SCOPE)
    clock.at += LIFETIME - timedelta(seconds=1)
    assert tokens.read(token) == SCOPE
    clock.at += timedelta(seconds=1)
    with pytest.raises(UnauthenticatedError, match="ended"):
        tokens.read(token)


def test_that_foreign_altered_and_unsigned_tokens_are_refused(clock: FixedClock) -> None:
    tokens, others = ContactTokens(SECRET, clock), ContactTokens("t" * 32, clock)
    good = tokens.mint(SCOPE)
    claims = jwt.decode(good, options={"verify_signature": False})
    unsigned = jwt.encode(claims, None, algorithm="none")
    head, body, signature = good.split(".")
    for token in ("", "x.y.z", others.mint(SCOPE), unsigned, f"{head}.{body[:-2]}AA.{signature}"):
        with pytest.raises(UnauthenticatedError):
            tokens.read(token)


def test_that_a_short_secret_is_refused(clock: FixedClock) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        ContactTokens("short", clock)


def test_that_the_servers_secret_is_made_once_and_private(tmp_path: Path) -> None:
    made = server_secret("", tmp_path / "data")
    assert server_secret("", tmp_path / "data") == made
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o077 == 0
    assert server_secret("given", tmp_path) == "given"
