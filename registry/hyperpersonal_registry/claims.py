"""Claiming a name: whoever holds a key and the domain of that name gets it; others wait for an
admin.

Rules:
1. The key is proven by login: a claim is made by its holder only.
2. A domain proves names made of its own: `acme.example` proves `acme`, `acme-example` and what
   begins with one of them and a hyphen; a longer one only the whole of it. It shows the claim's
   token at a fixed address.
3. A name that was given once is never given again, whatever became of it.
4. A claim is decided once: who decides looks whether it still waits, as it was read, in the change
   that gives the name.
5. Names are not hoarded: a key waits for few at a time, and a claim that nobody proved or decided
   in a month may be made by another key.
"""

import re
import secrets
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError, ForbiddenError, NotFoundError, RefusedError
from msgspec import Struct

from hyperpersonal_registry import journal
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.identities import Caller
from hyperpersonal_registry.namespaces import Namespaces, check_name

PLACE = "/.well-known/hyperpersonal-publisher"
TOKEN_BYTES = 16
WAITING_MAX = 5  # claims of one key at a time
WAITS = timedelta(days=30)
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{4,253}}$){_LABEL}(?:\.{_LABEL})+(?::[0-9]{{1,5}})?")

_GET = """select name, public, domain, token, state, claimed_at from registry.claims
where name = $1"""
_WAITING = """select name, public, domain, token, state, claimed_at from registry.claims
where state = 'waiting' order by claimed_at limit 200"""
_PUT = """insert into registry.claims (name, public, domain, token, claimed_at)
values ($1, $2, $3, $4, $5)
on conflict (name) do update set public = excluded.public, domain = excluded.domain,
  token = excluded.token, claimed_at = excluded.claimed_at, state = 'waiting'
where registry.claims.state <> 'given'
  and (registry.claims.public = excluded.public or registry.claims.state = 'refused'
    or registry.claims.claimed_at < $6)
returning name"""
_OTHERS = """select count(*) from registry.claims
where public = $1 and name <> $2 and state = 'waiting' and claimed_at >= $3"""
_END = """update registry.claims set state = $2, proven_at = $3
where name = $1 and token = $4 and state = 'waiting' returning name"""
_TAKEN = "select exists (select from registry.namespaces where name = $1)"


class Claim(Struct, frozen=True):
    """A name somebody wants. `domain` empty: an admin decides."""

    name: str
    public: bytes
    domain: str
    token: str
    state: Literal["waiting", "given", "refused"]
    claimed_at: datetime

    @property
    def proof(self) -> str:
        """What the domain must show: this line alone."""
        return f"hyperpersonal-publisher={self.name} {self.public.hex()} {self.token}"

    @property
    def next(self) -> str:
        """What its claimant does now."""
        if self.state == "given":
            return "sign and publish: `hp plugin publish`"
        if self.state == "refused":
            return "this name was refused; claim another one"
        if not self.domain:
            return "an admin of the registry decides about a name without a domain; please wait"
        return f"let https://{self.domain}{PLACE} show the line: {self.proof}"


class Proofs(Protocol):
    """Reads what a domain shows."""

    async def read(self, domain: str) -> str:
        """The text at the fixed address. Raises RefusedError with what is wrong."""
        ...


class Claims:
    """Takes claims and gives names. Stateless; one a process."""

    def __init__(self, ground: Ground, namespaces: Namespaces) -> None:
        self._ground = ground
        self._namespaces = namespaces

    async def claim(self, caller: Caller, name: str, domain: str = "") -> Claim:
        """Ask for a name; the answer's `next` says how to prove it.

        Raises:
            RefusedError: the name is malformed, or does not come from the domain.
            ConflictError: it is taken, looks like another, or the key has one already or waits
                for too many.
        """
        check_name(name)
        if domain and not comes_from(name, domain):
            raise RefusedError(f"{domain!r} does not prove {name!r}: {words_for(domain)}")
        if caller.namespace is not None:
            raise ConflictError(
                f"your key speaks for {caller.namespace!r} already, and a key has one name; make "
                "another for another name: `hp plugin keys new --key FILE`"
            )
        token, now = secrets.token_hex(TOKEN_BYTES), self._ground.now
        async with self._ground.db.transaction() as connection:
            await journal.hold(connection)
            if await connection.fetchval(_TAKEN, name):
                raise ConflictError(f"{name!r} is taken")
            since = now - WAITS
            if await connection.fetchval(_OTHERS, caller.public, name, since) >= WAITING_MAX:
                raise ConflictError(f"your key waits for {WAITING_MAX} names already; prove one")
            row = (name, caller.public, domain, token, now, since)
            if await connection.fetchval(_PUT, *row) is None:
                raise ConflictError(f"{name!r} is claimed by another key")
            detail = {"key": caller.key_id, "domain": domain}
            await journal.append(connection, now, "namespace.claimed", name, **detail)
        return await self.get(name)

    async def get(self, name: str) -> Claim:
        """A claim. Raises NotFoundError."""
        async with self._ground.db.transaction() as connection:
            return await _claim(connection, name)

    async def waiting(self) -> list[Claim]:
        """Claims an admin or a domain has to decide, oldest first."""
        async with self._ground.db.transaction() as connection:
            return [Claim(**dict(row)) for row in await connection.fetch(_WAITING)]

    async def prove(self, caller: Caller, name: str, proofs: Proofs) -> Claim:
        """Look at the domain now, and give the name when it shows the claim's line.

        Raises:
            NotFoundError: there is no such claim.
            ForbiddenError: it is somebody else's.
            RefusedError: the domain does not show it; the message says what to do.
        """
        claim = await self.get(name)
        if claim.public != caller.public:
            raise ForbiddenError("this claim is of another key")
        if claim.state == "given":
            return claim
        if not claim.domain:
            raise RefusedError(claim.next)
        shown = (await proofs.read(claim.domain)).split("\n")
        if claim.proof not in [line.strip() for line in shown]:
            raise RefusedError(f"the proof is not there yet: {claim.next}")
        await self._give(claim)
        return await self.get(name)

    async def approve(self, name: str, by: str) -> Claim:
        """An admin gives a name; `by`: who, for the log. Raises NotFoundError, ConflictError."""
        claim = await self.get(name)
        if claim.state != "waiting":
            raise ConflictError(f"{name!r} is {claim.state} already")
        await self._give(claim, by)
        return await self.get(name)

    async def refuse(self, name: str, by: str) -> None:
        """An admin refuses a name. Raises NotFoundError, ConflictError."""
        claim = await self.get(name)
        if claim.state != "waiting":
            raise ConflictError(f"{name!r} is {claim.state} already")
        async with self._ground.db.transaction() as connection:
            await self._end(connection, claim, "refused", by)

    async def _give(self, claim: Claim, by: str = "") -> None:
        """The name and the end of the claim are one change. Where the name is given already, to
        this key, somebody else was faster with the same claim, or gave it without one."""

        async def given(connection: Connection) -> None:
            await self._end(connection, claim, "given", by)

        try:
            domain = "" if by else claim.domain
            await self._namespaces.create(claim.name, claim.public, domain=domain, also=given)
        except ConflictError:
            keys = (await self._namespaces.keys(claim.name)).trusted
            if [key.public for key in keys] != [claim.public]:
                raise
            if (await self.get(claim.name)).state != "given":
                async with self._ground.db.transaction() as connection:
                    await given(connection)

    async def _end(self, connection: Connection, claim: Claim, state: str, by: str) -> None:
        now = self._ground.now
        await journal.hold(connection)
        if await connection.fetchval(_END, claim.name, state, now, claim.token) is None:
            raise ConflictError(f"the claim of {claim.name!r} was decided or made anew meanwhile")
        kind, how = f"claim.{state}", {"by": by} if by else {"domain": claim.domain}
        await journal.append(connection, now, kind, claim.name, **how)


def comes_from(name: str, domain: str) -> bool:
    """Whether a name is made of a domain."""
    if not _DOMAIN.fullmatch(domain):
        raise RefusedError(f"{domain!r} is no domain, like acme.example")
    return any(name == stem or name.startswith((f"{stem}-", f"{stem}_")) for stem in stems(domain))


def stems(domain: str) -> tuple[str, ...]:
    """The names a domain gives: the whole of it, and its label where it has one label before the
    last. Of `me.pages.example` the label in the middle is its host's, not its tenant's."""
    host = domain.partition(":")[0].removeprefix("www.")
    label = host.split(".")[:1] if host.count(".") == 1 else []
    return *label, host.replace(".", "-"), host.replace(".", "_")


def words_for(domain: str) -> str:
    """What a domain does prove, in words."""
    names = " or ".join(repr(stem) for stem in stems(domain)[:-1])
    return f"it proves {names}, and what begins so and goes on with a hyphen"


async def _claim(connection: Connection, name: str) -> Claim:
    row: Any = await connection.fetchrow(_GET, name)
    if row is None:
        raise NotFoundError(f"nobody claimed {name!r}; `hp plugin claim {name}` does")
    return Claim(**dict(row))
