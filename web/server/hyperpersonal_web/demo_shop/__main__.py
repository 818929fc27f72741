"""Runs the demo shop: `python -m hyperpersonal_web.demo_shop --port 8090`.

From the environment: HP_SHOP_DATABASE_URL (an owner's DSN; the shop then acts as its own role),
HP_SHOP_TOKEN (connectors), HP_SHOP_ADMIN_TOKEN (demos and evaluations).
"""

import asyncio
import os
from datetime import date
from pathlib import Path

import click
import uvicorn

from hyperpersonal_web.demo_shop.app import create_app
from hyperpersonal_web.demo_shop.data_generator import BASE_DATE, SEED, generate
from hyperpersonal_web.demo_shop.door import ShopSettings
from hyperpersonal_web.demo_shop.load_folder import load_folder
from hyperpersonal_web.demo_shop.store import Stores, install

STOP_SECONDS_MAX = 2  # a planned timeout may hold a request for longer


@click.command()
@click.option("--port", default=8090, show_default=True, help="TCP port on 127.0.0.1.")
@click.option("--seed", default=SEED, show_default=True, help="Of the generated data.")
@click.option(
    "--base-date", default=BASE_DATE.isoformat(), show_default=True, help="The shop's 'today'."
)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Load this store folder as data set and store `folder` too.",
)
def main(port: int, seed: int, base_date: str, folder: Path | None) -> None:
    """Serve the demo shop until stopped."""
    settings = ShopSettings(os.environ["HP_SHOP_TOKEN"], os.environ["HP_SHOP_ADMIN_TOKEN"])
    demo = generate(seed, date.fromisoformat(base_date))
    datasets = {"demo": demo} if folder is None else {"demo": demo, "folder": load_folder(folder)}

    async def serve() -> None:
        dsn = os.environ["HP_SHOP_DATABASE_URL"]
        await install(dsn)
        stores = await Stores.open(dsn)
        for name, records in datasets.items():
            await stores.load(name, records)
            await stores.ensure(name, name)
        app = create_app(stores, settings)
        config = uvicorn.Config(
            app, "127.0.0.1", port, log_level="warning", access_log=False,
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
        )  # fmt: skip
        try:
            await uvicorn.Server(config).serve()
        finally:
            await stores.close()

    asyncio.run(serve())


main()
