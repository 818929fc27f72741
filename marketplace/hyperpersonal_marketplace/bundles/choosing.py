"""From a bundle's text to a plan: reads what there is, chooses, and says why not where it must."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from hyperpersonal_core.api import Installations
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_registry.api import Registry
from hyperpersonal_sdk import bundle as bundles
from hyperpersonal_sdk.bundle import BUNDLE_FILE, LOCK_FILE, Bundle
from hyperpersonal_sdk.errors import BundleError, UntrustedError
from hyperpersonal_sdk.toml_faults import say
from msgspec import Struct

from hyperpersonal_marketplace.bundles import changes, lock
from hyperpersonal_marketplace.bundles.changes import Way
from hyperpersonal_marketplace.bundles.draft import bad_rules
from hyperpersonal_marketplace.bundles.keys import BundleKeys
from hyperpersonal_marketplace.bundles.lock import Lock
from hyperpersonal_marketplace.bundles.plan import Plan, plan_of
from hyperpersonal_marketplace.bundles.shelf import Offered, Present, Shelf, options, wishes
from hyperpersonal_marketplace.bundles.solver import Conflict, Market, Option, Wishes
from hyperpersonal_marketplace.policies import Policies


class BundleRefusedError(RefusedError):
    """A bundle that cannot be applied. `detail.reason` is stable and for machines."""

    code = "bundle_refused"
    status = 422

    def __init__(self, reason: str, message: str, **detail: object) -> None:
        super().__init__(message, reason=reason, **detail)
        self.reason = reason


class Choice(Struct, frozen=True):
    """What was chosen for a text. `bundle`: the parsed text; `lock`: unsigned."""

    source: str
    bundle: Bundle
    chosen: tuple[Offered, ...]
    plan: Plan
    lock: Lock


class NoChoice(Struct, frozen=True):
    """Why nothing fits, and the fewest changes that would work (empty: more than four)."""

    bundle: str
    conflict: tuple[str, ...]
    changes: tuple[str, ...]
    would_be: tuple[str, ...] = ()


class Chooser:
    """Stateless; one a process."""

    def __init__(
        self, shelf: Shelf, registry: Registry, tenants: tuple[Installations, Policies],
        keys: BundleKeys, clock: Clock,
    ) -> None:  # fmt: skip
        self._shelf = shelf
        self._registry = registry
        self._installations, self._policies = tenants
        self._clock = clock
        self._keys = keys

    async def choose(
        self, tenant_id: UUID, source: str, locked: bytes | None = None
    ) -> Choice | NoChoice:
        """The newest releases that fit, or the very ones of a lock.

        Raises:
            BundleRefusedError: `bad_bundle` (with `problems`), `bad_lock`, `other_bundle`,
                `unknown_key`, `locked_away` (a locked release is not to be had any more).
            RefusedError: a range cannot be read, or the choice is too hard.
        """
        bundle, present = _parsed(source), await self._present(tenant_id)
        wanted = wishes(bundle, present)
        offers = await self._shelf.offers(tenant_id, bundle, present)
        given = options(offers, wanted.currency)
        if locked is not None:
            kept, _ = await self.locked(tenant_id, source, locked)
            chosen: Sequence[Offered] = _as_locked(kept, offers)
            _check_still_fits(chosen, given, wanted)
        else:
            found = await asyncio.to_thread(_solve, given, wanted)
            if isinstance(found, NoChoice):
                return found
            by_digest = {offer.digest: offer for offer in offers}
            chosen = [by_digest[option.digest] for option in found]
        plan = plan_of(source, bundle, chosen, present, wanted.currency)
        made = lock.lock_of(source, chosen, (wanted, given))
        return Choice(source, bundle, tuple(chosen), plan, made)

    async def published(self, plugin_id: str, version: str | None) -> tuple[str, bytes | None]:
        """The text of a published bundle, and its publisher's lock if it has one.

        Raises:
            BundleRefusedError: `no_bundle`, the release is of another kind.
            NotFoundError: there is no such release.
            RefusedError: `release_refused`, it is not trusted.
        """
        release = await self._registry.find(plugin_id, version)
        if release.manifest.kind != "bundle":
            message = f"{release.name} is of kind {release.manifest.kind}; install it by itself"
            raise BundleRefusedError("no_bundle", message)
        sealed = await self._registry.load(release.digest)
        return sealed.files[BUNDLE_FILE].decode(), sealed.files.get(LOCK_FILE)

    async def _present(self, tenant_id: UUID) -> Present:
        there = await self._installations.list(tenant_id)
        policies = await self._policies.all(tenant_id)
        pinned = frozenset(key for key, policy in policies.items() if policy.follow == "pin")
        return Present(tuple(there), pinned)

    async def locked(self, tenant_id: UUID, source: str, data: bytes) -> tuple[Lock, bool]:
        """A lock of this text that the tenant or its publisher stands for; whether the tenant does.

        Raises:
            BundleRefusedError: `bad_bundle`, `bad_lock`, `other_bundle`, `unknown_key`.
        """
        own = await self._keys.public(tenant_id)
        speaking = (await self._registry.keys_of(_parsed(source).id.partition("/")[0])).trusted
        now = self._clock.now()
        theirs = [key.public for key in speaking if key.valid_from <= now < key.expires_at]
        try:
            found = lock.verify(data, [*([own] if own else []), *theirs], source)
            return found, own is not None and lock.names(data, own)
        except UntrustedError as error:
            raise BundleRefusedError(error.code, str(error)) from error


def _parsed(source: str) -> Bundle:
    try:
        parsed = bundles.parse(source)
    except BundleError as error:
        raise _bad(error.problems) from error
    faults = bad_rules(parsed.rules)
    if faults:
        raise _bad([say(BUNDLE_FILE, source, path, what) for path, what in faults])
    return parsed


def _bad(problems: list[str]) -> BundleRefusedError:
    return BundleRefusedError("bad_bundle", "; ".join(problems[:3]), problems=problems)


def _solve(given: Sequence[Option], wanted: Wishes) -> list[Option] | NoChoice:
    """Runs in a thread: up to a second or two of computing."""
    market = Market(given)
    found = market.solve(wanted)
    if not isinstance(found, Conflict):
        return found
    way: Way | None = changes.smallest(market, wanted, found)
    would_be = tuple(option.name for option in way.chosen) if way else ()
    return NoChoice("", found.words, way.words if way else (), would_be)


def _as_locked(kept: Lock, offers: Sequence[Offered]) -> list[Offered]:
    by_digest = {offer.digest: offer for offer in offers}
    chosen = [by_digest[one.digest] for one in kept.plugins if one.digest in by_digest]
    if len(chosen) < len(kept.plugins):
        away = [f"{one.id}@{one.version}" for one in kept.plugins if one.digest not in by_digest]
        message = f"not to be had any more: {', '.join(away)}; solve and lock anew"
        raise BundleRefusedError("locked_away", message, releases=away)
    return chosen


def _check_still_fits(chosen: Sequence[Offered], given: Sequence[Option], wanted: Wishes) -> None:
    """A lock is no way around the text's ranges and ceilings."""
    digests = {offer.digest for offer in chosen}
    found = Market(option for option in given if option.digest in digests).solve(wanted)
    if isinstance(found, Conflict):
        raise BundleRefusedError("bad_lock", f"the lock breaks the bundle: {found.words[0]}")
