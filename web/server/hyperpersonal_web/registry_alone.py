"""The registry in a process of its own: its HTTP and its jobs, without tenants and shoppers."""

from contextlib import AsyncExitStack

from hyperpersonal_core.kit.jobs import Jobs
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import CHECK_JOB, Renewal

from hyperpersonal_web.asgi import create_registry_app
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.ground import Ground, background, open_ground
from hyperpersonal_web.http.rates import Rates
from hyperpersonal_web.http.registry_tokens import RegistryTokens
from hyperpersonal_web.market import Market, open_checking, open_market
from hyperpersonal_web.reviewing import Reviewing
from hyperpersonal_web.run import Told
from hyperpersonal_web.secret import server_secret
from hyperpersonal_web.server import listen, serve, stop_on_signals
from hyperpersonal_web.trusting import open_proofs
from hyperpersonal_web.walls import Walls
from hyperpersonal_web.witnessing import ask_witnesses


async def run_registry(settings: Settings, found: Addresses, told: Told) -> None:
    """Serve until SIGINT or SIGTERM; `told` hears where, when it is ready."""
    stop = stop_on_signals()
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, settings, found)
        market = open_market(ground)
        await _open_jobs(stack, ground, market, found)
        walls = Walls(ground.bus)
        await walls.listen()
        services = _services(stack, ground, market)
        app = create_registry_app({**services, "walls": walls})
        listener = listen(settings.host, settings.port)
        host, port = listener.getsockname()[:2]
        told(f"http://{host}:{port}/v1/registry")
        await serve(app, listener, stop)


def _services(stack: AsyncExitStack, ground: Ground, market: Market) -> dict[str, object]:
    """What the registry's handlers ask for by name."""
    secret = server_secret(ground.settings.secret, ground.settings.data_dir)
    return {
        "registry": market.registry,
        "registry_tokens": RegistryTokens(secret, ground.clock),
        "proofs": open_proofs(stack, ground.settings),
        "rates": Rates(ground.settings, ground.clock),
        "visibilities": market.books.visibilities,
        "reviewing": Reviewing.over(market.registry, market.installations, ground.ids),
        "db": ground.db,
        "bus": ground.bus,
    }


async def _open_jobs(
    stack: AsyncExitStack, ground: Ground, market: Market, found: Addresses
) -> None:
    jobs = await Jobs.open(found.database_url)
    jobs.register(CHECK_JOB, (await open_checking(ground, market.registry)).handle)
    stack.push_async_callback(jobs.close)
    background(stack, jobs.run())
    background(stack, Renewal(market.registry.ground).run())
    ask_witnesses(stack, ground.settings, market.registry)
