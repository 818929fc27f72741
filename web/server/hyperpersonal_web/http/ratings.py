"""What shops think of plugins, and under which names a shop publishes itself."""

from typing import Annotated
from uuid import UUID

import msgspec
from hyperpersonal_core.api import Installations, Member
from hyperpersonal_core.kit.errors import ForbiddenError, NotFoundError
from hyperpersonal_marketplace.api import Catalogue, Rated, Rating, Ratings, Uses
from hyperpersonal_registry.api import Caller
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from hyperpersonal_web.http.present import find
from hyperpersonal_web.http.registry_auth import require_admin

PATH = "/plugins/{publisher:str}/{name:str}/ratings"


class RatingPage(msgspec.Struct, frozen=True):
    """Newest first. `own`: the shop's own, a hidden one too."""

    items: list[Rating]
    rated: Rated
    own: Rating | None


class NewRating(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """1 to 5 stars."""

    stars: int
    text: str = ""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said."""

    text: str


class OwnNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Namespaces under which the shop itself publishes."""

    namespaces: list[str]


@get(PATH, operation_id="ListRatings")
async def list_ratings(
    *,
    publisher: FromPath[str],
    name: FromPath[str],
    member: NamedDependency[Member],
    catalogue: NamedDependency[Catalogue],
    ratings: NamedDependency[Ratings],
    offset: Annotated[int, QueryParameter(ge=0, le=10_000)] = 0,
) -> RatingPage:
    """What shops that use it say, without their names."""
    plugin_id = catalogue.card(f"{publisher}/{name}", member.tenant_id).plugin_id
    rated = (await ratings.rated()).get(plugin_id, Rated())
    own = await ratings.own(member.tenant_id, plugin_id)
    return RatingPage(await ratings.page(plugin_id, offset), rated, own)


@put(f"{PATH}/own", operation_id="RatePlugin")
async def rate_plugin(
    *,
    publisher: FromPath[str],
    name: FromPath[str],
    data: JSONBody[NewRating],
    manager: NamedDependency[Member],
    installations: NamedDependency[Installations],
    ratings: NamedDependency[Ratings],
) -> Rating:
    """The shop's opinion, once it has really used it; a second one replaces the first."""
    plugin_id = f"{publisher}/{name}"
    present = await find(installations, manager.tenant_id, plugin_id)
    return await ratings.rate(manager.tenant_id, plugin_id, present.version, data.stars, data.text)


@delete(f"{PATH}/own", operation_id="WithdrawRating")
async def withdraw_rating(
    *,
    publisher: FromPath[str],
    name: FromPath[str],
    manager: NamedDependency[Member],
    ratings: NamedDependency[Ratings],
) -> None:
    """Take the shop's opinion back."""
    await ratings.withdraw(manager.tenant_id, f"{publisher}/{name}")


@get("/own-namespaces", operation_id="ListOwnNamespaces")
async def list_own(member: NamedDependency[Member], uses: NamedDependency[Uses]) -> OwnNames:
    """Under which names this shop publishes."""
    return OwnNames(list(await uses.own(member.tenant_id)))


@put("/own-namespaces", operation_id="ReplaceOwnNamespaces")
async def replace_own(
    *, data: JSONBody[OwnNames], manager: NamedDependency[Member], uses: NamedDependency[Uses]
) -> OwnNames:
    """Say under which names this shop publishes: it does not rate or rank those."""
    await uses.set_own(manager.tenant_id, data.namespaces)
    return OwnNames(list(await uses.own(manager.tenant_id)))


@post("/ratings/{rating:str}/answer", operation_id="AnswerRating", status_code=200)
async def answer_rating(
    rating: FromPath[str],
    data: JSONBody[Words],
    caller: NamedDependency[Caller],
    ratings: NamedDependency[Ratings],
) -> None:
    """The publisher's one answer to a rating of its own plugin; with a token of the registry."""
    if caller.namespace is None:
        raise ForbiddenError("only the plugin's publisher answers a rating")
    await ratings.answer(caller.namespace, rating_id(rating), data.text)


@post("/ratings/{rating:str}/hide", operation_id="HideRating", status_code=200)
async def hide_rating(
    rating: FromPath[str],
    data: JSONBody[Words],
    caller: NamedDependency[Caller],
    ratings: NamedDependency[Ratings],
) -> None:
    """Hide a rating, with the reason its shop is told; for admins of the registry."""
    require_admin(caller)
    await ratings.hide(rating_id(rating), data.text)


def rating_id(text: str) -> UUID:
    """Raises NotFoundError."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFoundError("there is no such rating", id=text[:80]) from error


router = Router(
    "/v1/market",
    route_handlers=[
        list_ratings, rate_plugin, withdraw_rating, list_own, replace_own, answer_rating,
        hide_rating,
    ],
    tags=["market"],
)  # fmt: skip
