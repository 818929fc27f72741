"""What demos and evaluations may do, under /admin: data sets, stores, the log, failures."""

from typing import Any

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from hyperpersonal_web.demo_shop.faults import FailurePlan, Fault
from hyperpersonal_web.demo_shop.model import Records
from hyperpersonal_web.demo_shop.store import DoneAct, Stores

AnyRequest = Request[Any, Any, Any]
Held = NamedDependency[Stores]
Id = FromPath[str]
DATASET_BYTES_MAX = 32 * 1024 * 1024


class StoreAsked(Struct, frozen=True):
    dataset: str


class StoreState(Struct, frozen=True):
    """`digest` of what `changed` since loading; equal digests mean equal shops."""

    digest: str
    changed: Records


@put("/datasets/{dataset:str}", request_max_body_size=DATASET_BYTES_MAX)
async def put_dataset(stores: Held, dataset: Id, request: AnyRequest) -> dict[str, int]:
    """Hold the body (a `Records` in JSON) as a data set."""
    records = msgspec.json.decode(await request.body(), type=Records)
    await stores.load(dataset, records)
    return {"orders": len(records.orders), "customers": len(records.customers)}


@put("/stores/{name:str}")
async def put_store(stores: Held, name: Id, data: JSONBody[StoreAsked]) -> dict[str, str]:
    """Make or reset a store over a data set."""
    await stores.make(name, data.dataset)
    return {"store": name, "dataset": data.dataset}


@get("/stores/{name:str}/acts")
async def get_acts(stores: Held, name: Id) -> list[DoneAct]:
    return await stores.acts(name)


@get("/stores/{name:str}/state")
async def get_state(stores: Held, name: Id) -> StoreState:
    changed = await stores.changed(name)
    return StoreState(changed.digest(), changed)


@post("/faults")
async def plan_fault(plan: NamedDependency[FailurePlan], data: JSONBody[Fault]) -> None:
    plan.add(data)


@get("/stores/{name:str}/faults")
async def get_faults(plan: NamedDependency[FailurePlan], name: Id) -> list[Fault]:
    return plan.left(name)


@delete("/stores/{name:str}/faults")
async def clear_faults(plan: NamedDependency[FailurePlan], name: Id) -> None:
    plan.clear(name)


admin = Router(
    "/admin",
    route_handlers=[
        put_dataset, put_store, get_acts, get_state, plan_fault, get_faults, clear_faults,
    ],
)  # fmt: skip
