"""The shop's records in PostgreSQL: loaded data sets, and stores that copy on write.

Rules: a data set never changes after loading; a store holds only what differs from it, so a new
store costs one row and a reset a few deletes. An act, its log row and the answer to its
idempotency key are one transaction. Only acts are remembered by key: a refusal changed nothing.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from hyperpersonal_web.demo_shop.model import Action, Change, Customer, Order, Product, Records
from hyperpersonal_web.demo_shop.rules import ShopRefusalError, apply, money, refuse_input

ROLE = "demo_shop"
STATEMENT_TIMEOUT_MS = 5_000
CANDIDATES_MAX = 50

ORDER = msgspec.json.Decoder(Order)
CUSTOMER = msgspec.json.Decoder(Customer)
PRODUCT = msgspec.json.Decoder(Product)
DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "order": ORDER, "customer": CUSTOMER, "product": PRODUCT
}  # fmt: skip

# The newest of two: what the store changed ('store:…') sorts after what was loaded ('dataset:…').
READ = """
select r.body from demo_shop.stores s join demo_shop.records r
  on r.owner = any (array['dataset:' || s.dataset, 'store:' || s.name])
where s.name = $1 and r.kind = $2 and r.id = $3
order by r.owner desc limit 1"""

FIND = """
select r.id from demo_shop.stores s join demo_shop.records r
  on r.owner = any (array['dataset:' || s.dataset, 'store:' || s.name])
where s.name = $1 and {column} = $2 limit {limit}"""

PRODUCTS = """
select r.body from demo_shop.stores s join demo_shop.records r on r.owner = 'dataset:' || s.dataset
where s.name = $1 and r.kind = 'product' order by r.id"""

CHANGED = """
select r.kind, r.body, b.body as before from demo_shop.stores s
  join demo_shop.records r on r.owner = 'store:' || s.name
  join demo_shop.records b on (b.owner, b.kind, b.id) = ('dataset:' || s.dataset, r.kind, r.id)
where s.name = $1"""

KEEP = """
insert into demo_shop.records (owner, kind, id, email, full_name, body)
values ($1, $2, $3, $4, $5, $6)
on conflict (owner, kind, id) do update
  set email = excluded.email, full_name = excluded.full_name, body = excluded.body"""


class DoneAct(Struct, frozen=True):
    """One line of the log of writes."""

    tool: str
    args: dict[str, Any]
    at: str


class Ask(Struct, frozen=True):
    """One write as it was asked for. `amount_max` (cents): refuse to move more; None: any sum."""

    store: str
    action: Action
    key: str = ""
    amount_max: int | None = None


async def install(owner_dsn: str) -> None:
    """Make the schema and its role at `owner_dsn` (postgresql://…); safe to repeat."""
    connection = await asyncpg.connect(owner_dsn, timeout=10)
    try:
        await connection.execute((Path(__file__).parent / "schema.sql").read_text())
    finally:
        await connection.close()


class Stores:
    """Every read and write of the shop."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, dsn: str, *, size_max: int = 8) -> "Stores":
        """Connect as the shop's own role, with at most `size_max` connections."""
        settings = {"role": ROLE, "statement_timeout": str(STATEMENT_TIMEOUT_MS), "jit": "off"}
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size_max,
            server_settings=settings,
            timeout=10,
            command_timeout=2 * STATEMENT_TIMEOUT_MS / 1000,
        )
        return cls(pool)

    async def close(self) -> None:
        """Return every connection."""
        await self._pool.close()

    async def load(self, dataset: str, records: Records) -> None:
        """Hold `records` as the data set `dataset`, unless they are held already.

        Other records under that name are replaced, and its stores are dropped.

        Raises:
            ShopRefusalError: an order's customer is missing.
        """
        for order in records.orders.values():
            if order.customer_id not in records.customers:
                raise refuse_input("no_customer", f"The customer of order {order.id} is missing.")
        digest = records.digest()
        async with self._pool.acquire() as link, link.transaction():
            held = await link.fetchval(
                "select digest from demo_shop.datasets where name = $1 for update", dataset
            )
            if held == digest:
                return
            await self._forget_dataset(link, dataset)
            await link.execute("insert into demo_shop.datasets values ($1, $2)", dataset, digest)
            await link.copy_records_to_table(
                "records", schema_name="demo_shop", records=_rows(f"dataset:{dataset}", records)
            )

    async def _forget_dataset(self, link: Any, dataset: str) -> None:
        names = await link.fetch("select name from demo_shop.stores where dataset = $1", dataset)
        owners = [f"dataset:{dataset}", *(f"store:{row['name']}" for row in names)]
        await link.execute("delete from demo_shop.records where owner = any ($1)", owners)
        await link.execute("delete from demo_shop.datasets where name = $1", dataset)

    async def make(self, store: str, dataset: str) -> None:
        """A fresh store over `dataset`; one of that name loses all it changed.

        Raises:
            ShopRefusalError: there is no such data set.
        """
        async with self._pool.acquire() as link, link.transaction():
            await link.execute("delete from demo_shop.records where owner = $1", f"store:{store}")
            await link.execute("delete from demo_shop.stores where name = $1", store)
            made = await link.execute(
                "insert into demo_shop.stores "
                "select $1, name from demo_shop.datasets where name = $2",
                store, dataset,
            )  # fmt: skip
            if made == "INSERT 0 0":
                raise ShopRefusalError(404, "no_dataset", f"There is no data set {dataset}.")

    async def ensure(self, store: str, dataset: str) -> None:
        """A store over `dataset`, kept as it is when it is there."""
        await self._pool.execute(
            "insert into demo_shop.stores values ($1, $2) on conflict do nothing", store, dataset
        )

    async def order(self, store: str, order_id: str) -> Order:
        """The order as it is now."""
        body = await self._pool.fetchval(READ, store, "order", order_id)
        if body is None:
            raise await _missing(self._pool, store, f"order {order_id}")
        return ORDER.decode(body)

    async def customer(self, store: str, customer_id: str) -> Customer:
        """The customer as they are now."""
        body = await self._pool.fetchval(READ, store, "customer", customer_id)
        if body is None:
            raise await _missing(self._pool, store, f"customer {customer_id}")
        return CUSTOMER.decode(body)

    async def product(self, store: str, product_id: str) -> Product:
        """The product with its variants."""
        body = await self._pool.fetchval(READ, store, "product", product_id)
        if body is None:
            raise await _missing(self._pool, store, f"product {product_id}")
        return PRODUCT.decode(body)

    async def products(self, store: str) -> list[Product]:
        """Every product, by id."""
        return [PRODUCT.decode(row["body"]) for row in await self._pool.fetch(PRODUCTS, store)]

    async def by_email(self, store: str, email: str) -> Customer:
        """The customer with this e-mail address, in any case of letters."""
        for customer in await self._found(store, "email", email):
            return customer
        raise await _missing(self._pool, store, "customer with this e-mail address")

    async def by_name_zip(self, store: str, name: tuple[str, str], zip_code: str) -> Customer:
        """The customer with this first and last name and the zip of their address."""
        for customer in await self._found(store, "full_name", " ".join(name)):
            if customer.address.zip == zip_code:
                return customer
        raise await _missing(self._pool, store, "customer with this name and zip code")

    async def _found(self, store: str, column: str, value: str) -> list[Customer]:
        query = FIND.format(column=column, limit=CANDIDATES_MAX)
        rows = await self._pool.fetch(query, store, value.strip().lower())
        return [await self.customer(store, one) for one in sorted({row["id"] for row in rows})]

    async def act(self, ask: Ask) -> bytes:
        """Do it once and return the answer's JSON; the same key again returns the same bytes.

        Raises:
            ShopRefusalError: a rule forbids it, it moves more than `amount_max`, or the key was
                used for something else. Nothing is changed then.
        """
        request = sha256(msgspec.json.encode(ask.action, order="sorted")).digest()
        async with self._pool.acquire() as link, link.transaction():
            if ask.key and (answered := await _answered(link, ask, request)):
                return answered
            change = apply(await self._needed(link, ask), ask.action)
            if ask.amount_max is not None and change.amount > ask.amount_max:
                above = f"{money(change.amount)}, above the limit of {money(ask.amount_max)}"
                raise ShopRefusalError(403, "money_limit", f"This moves {above}.")
            return await _keep(link, ask, change)

    async def _needed(self, link: Any, ask: Ask) -> Records:
        """The records the action reads, with its customer locked until the transaction ends."""
        args = ask.action.args
        order = customer_id = None
        if "order_id" in args:
            body = await link.fetchval(READ, ask.store, "order", str(args["order_id"]))
            if body is None:
                raise await _missing(link, ask.store, f"order {args['order_id']}")
            customer_id = ORDER.decode(body).customer_id
        else:
            customer_id = str(args.get("user_id", ""))
        await link.execute(
            "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{ask.store}/{customer_id}"
        )
        records = Records({}, {}, {})
        if "order_id" in args:
            order = ORDER.decode(await link.fetchval(READ, ask.store, "order", args["order_id"]))
            records.orders[order.id] = order
            for product_id in {item.product_id for item in order.items}:
                if body := await link.fetchval(READ, ask.store, "product", product_id):
                    records.products[product_id] = PRODUCT.decode(body)
        if body := await link.fetchval(READ, ask.store, "customer", customer_id):
            records.customers[customer_id] = CUSTOMER.decode(body)
        return records

    async def acts(self, store: str) -> list[DoneAct]:
        """The log of writes, oldest first."""
        await _must_exist(self._pool, store)
        rows = await self._pool.fetch(
            "select tool, args, done_at from demo_shop.acts where store = $1 order by seq", store
        )
        return [
            DoneAct(row["tool"], msgspec.json.decode(row["args"]), row["done_at"].isoformat())
            for row in rows
        ]

    async def changed(self, store: str) -> Records:
        """The orders and customers that differ from the loaded data set."""
        await _must_exist(self._pool, store)
        now, before = Records({}, {}, {}), Records({}, {}, {})
        for row in await self._pool.fetch(CHANGED, store):
            decoder = DECODERS[row["kind"]]
            for records, body in ((now, row["body"]), (before, row["before"])):
                one = decoder.decode(body)
                (records.orders if row["kind"] == "order" else records.customers)[one.id] = one
        return now.since(before)


async def _must_exist(link: Any, store: str) -> None:
    if not await link.fetchval("select 1 from demo_shop.stores where name = $1", store):
        raise _no_store(store)


async def _missing(link: Any, store: str, what: str) -> ShopRefusalError:
    """Why something was not found. `link`: the connection in use (a second one could wait for
    ever when all are in use), or the pool."""
    await _must_exist(link, store)
    return ShopRefusalError(404, "not_found", f"There is no {what}.")


def _no_store(store: str) -> ShopRefusalError:
    return ShopRefusalError(404, "no_store", f"There is no store {store}.")


async def _answered(link: Any, ask: Ask, request: bytes) -> bytes | None:
    """The kept answer to this key. A new key is claimed: whoever sends it too waits for us."""
    claimed = await link.fetchval(
        "insert into demo_shop.answers (store, key, request) "
        "select name, $2, $3 from demo_shop.stores where name = $1 "
        "on conflict do nothing returning true",
        ask.store, ask.key, request,
    )  # fmt: skip
    if claimed:
        return None
    row = await link.fetchrow(
        "select request, body from demo_shop.answers where store = $1 and key = $2",
        ask.store, ask.key,
    )  # fmt: skip
    if row is None:
        raise _no_store(ask.store)
    if row["request"] != request:
        raise ShopRefusalError(
            422, "key_reused", "This idempotency key was used for another request."
        )
    body: bytes = row["body"]
    return body


async def _keep(link: Any, ask: Ask, change: Change) -> bytes:
    owner = f"store:{ask.store}"
    told = msgspec.to_builtins(change.order or change.customer)
    body = msgspec.json.encode({**told, "moved": change.amount})
    if change.order is not None:
        order = msgspec.json.encode(change.order)
        await link.execute(KEEP, owner, "order", change.order.id, None, None, order)
    await link.execute(KEEP, *_customer_row(owner, change.customer))
    await link.execute(
        "insert into demo_shop.acts (store, tool, args) values ($1, $2, $3)",
        ask.store, ask.action.tool, msgspec.json.encode(ask.action.args),
    )  # fmt: skip
    if ask.key:
        await link.execute(
            "update demo_shop.answers set body = $3 where store = $1 and key = $2",
            ask.store, ask.key, body,
        )  # fmt: skip
    return body


def _customer_row(owner: str, one: Customer) -> tuple[Any, ...]:
    name = f"{one.first_name} {one.last_name}".lower()
    return owner, "customer", one.id, one.email.lower(), name, msgspec.json.encode(one)


def _rows(owner: str, records: Records) -> list[tuple[Any, ...]]:
    encode = msgspec.json.encode
    rows = [(owner, "order", key, None, None, encode(one)) for key, one in records.orders.items()]
    rows += [_customer_row(owner, one) for one in records.customers.values()]
    rows += [
        (owner, "product", key, None, None, encode(one)) for key, one in records.products.items()
    ]
    return rows
