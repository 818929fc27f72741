"""What the shop offers connectors, under /v1. Handlers only name what is asked for.

Writes take `Idempotency-Key` (the same key acts once) and `Max-Amount` (cents; more is refused).
"""

from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from msgspec import Struct

from hyperpersonal_web.demo_shop.model import Action, Address, Customer, Order, Product
from hyperpersonal_web.demo_shop.rules import ShopRefusalError
from hyperpersonal_web.demo_shop.search import nearest
from hyperpersonal_web.demo_shop.store import Ask, Stores

KEY_CHARACTERS_MAX = 200

IdempotencyKey = Annotated[
    str, HeaderParameter(name="Idempotency-Key", max_length=KEY_CHARACTERS_MAX)
]
Held = NamedDependency[Stores]
StoreName = NamedDependency[str]
Id = FromPath[str]
MaxAmount = Annotated[int | None, HeaderParameter(name="Max-Amount", ge=0)]


class CancelAsked(Struct, frozen=True):
    reason: str


class PaymentAsked(Struct, frozen=True):
    payment_method_id: str


class ReturnAsked(Struct, frozen=True):
    item_ids: list[str]
    payment_method_id: str


class ItemsAsked(Struct, frozen=True):
    item_ids: list[str]
    new_item_ids: list[str]
    payment_method_id: str


@get("/customers")
async def find_customer(
    *,
    stores: Held,
    store: StoreName,
    email: FromQuery[str] = "",
    first_name: FromQuery[str] = "",
    last_name: FromQuery[str] = "",
    zip_code: Annotated[str, QueryParameter(name="zip")] = "",
) -> Customer:
    """By e-mail address, or by first name, last name and zip code."""
    if email:
        return await stores.by_email(store, email)
    if not (first_name and last_name and zip_code):
        raise ShopRefusalError(
            422, "ask_more", "An e-mail address, or first name, last name and zip code are needed."
        )
    name = (first_name.strip(), last_name.strip())
    return await stores.by_name_zip(store, name, zip_code.strip())


@get("/customers/{customer_id:str}")
async def get_customer(stores: Held, store: StoreName, customer_id: Id) -> Customer:
    return await stores.customer(store, customer_id)


@get("/orders/{order_id:str}")
async def get_order(stores: Held, store: StoreName, order_id: Id) -> Order:
    return await stores.order(store, _order_id(order_id))


@get("/products/{product_id:str}")
async def get_product(stores: Held, store: StoreName, product_id: Id) -> Product:
    return await stores.product(store, product_id)


@get("/products")
async def search_products(
    stores: Held,
    store: StoreName,
    asked: Annotated[str, QueryParameter(name="query")] = "",
) -> list[Product]:
    return nearest(await stores.products(store), asked)


class Writes:
    """Names one write in the benchmark's words and has it done."""

    def __init__(self, stores: Stores, ask: Ask) -> None:
        self._stores = stores
        self._ask = ask

    async def act(self, tool: str, **args: Any) -> Response[bytes]:
        ask = msgspec.structs.replace(self._ask, action=Action(tool, args))
        return Response(await self._stores.act(ask), media_type="application/json")

    async def on_order(self, tool: str, order_id: str, asked: Struct) -> Response[bytes]:
        return await self.act(tool, order_id=_order_id(order_id), **msgspec.structs.asdict(asked))


Writing = NamedDependency[Writes]


def provide_writes(
    stores: Held,
    store: StoreName,
    idempotency_key: IdempotencyKey = "",
    max_amount: MaxAmount = None,
) -> Writes:
    """One request's write, with its key and ceiling."""
    return Writes(stores, Ask(store, Action("", {}), idempotency_key, max_amount))


@post("/orders/{order_id:str}/cancel", status_code=200)
async def cancel_order(
    writes: Writing, order_id: Id, data: JSONBody[CancelAsked]
) -> Response[bytes]:
    return await writes.on_order("cancel_pending_order", order_id, data)


@put("/orders/{order_id:str}/address")
async def set_order_address(
    writes: Writing, order_id: Id, data: JSONBody[Address]
) -> Response[bytes]:
    return await writes.on_order("modify_pending_order_address", order_id, data)


@put("/orders/{order_id:str}/payment")
async def set_order_payment(
    writes: Writing, order_id: Id, data: JSONBody[PaymentAsked]
) -> Response[bytes]:
    return await writes.on_order("modify_pending_order_payment", order_id, data)


@put("/orders/{order_id:str}/items")
async def set_order_items(
    writes: Writing, order_id: Id, data: JSONBody[ItemsAsked]
) -> Response[bytes]:
    return await writes.on_order("modify_pending_order_items", order_id, data)


@post("/orders/{order_id:str}/returns", status_code=200)
async def create_return(
    writes: Writing, order_id: Id, data: JSONBody[ReturnAsked]
) -> Response[bytes]:
    return await writes.on_order("return_delivered_order_items", order_id, data)


@post("/orders/{order_id:str}/exchanges", status_code=200)
async def create_exchange(
    writes: Writing, order_id: Id, data: JSONBody[ItemsAsked]
) -> Response[bytes]:
    return await writes.on_order("exchange_delivered_order_items", order_id, data)


@put("/customers/{customer_id:str}/address")
async def set_customer_address(
    writes: Writing, customer_id: Id, data: JSONBody[Address]
) -> Response[bytes]:
    address = msgspec.structs.asdict(data)
    return await writes.act("modify_user_address", user_id=customer_id, **address)


def _order_id(text: str) -> str:
    """`#W1234567`, however it was written: without the sign, in small letters."""
    return "#" + text.strip().lstrip("#").upper()


READS = [find_customer, get_customer, get_order, get_product, search_products]
WRITES = [
    cancel_order, set_order_address, set_order_payment, set_order_items, create_return,
    create_exchange, set_customer_address,
]  # fmt: skip

api = Router(
    "/v1",
    route_handlers=[*READS, *WRITES],
    dependencies={"writes": Provide(provide_writes, sync_to_thread=False)},
)
