"""`hp keys`: new keys for what is sealed and signed; everything older stays readable."""

from uuid import UUID

import click
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.settings import Settings

from hyperpersonal_web.cli.database import tenant_named, with_database
from hyperpersonal_web.cli.lazy import ToldGroup
from hyperpersonal_web.keys import open_vault, receipt_keys


@click.group(cls=ToldGroup)
def keys() -> None:
    """Rotate the keys that seal tenants' data and sign receipts."""


@keys.command()
@click.option("--tenant", metavar="TENANT", help="A new key for this tenant's data only.")
@click.option("--receipts", is_flag=True, help="A new key that signs receipts.")
def rotate(tenant: str | None, *, receipts: bool) -> None:
    """Make a new master key and wrap every tenant's keys under it.

    Nothing is sealed or signed anew: old keys still open, old receipts still verify. Running
    processes follow by themselves, within minutes.
    """

    async def work(db: Database, settings: Settings) -> str:
        if receipts:
            return f"receipts are signed with {receipt_keys(settings).rotate()[:16]}… from now on"
        vault = open_vault(settings, db, SystemClock())
        if tenant:
            tenant_id: UUID = await tenant_named(db, tenant)
            return f"key {await vault.rotate(tenant_id)} seals what is new of {tenant}"
        return f"{await vault.rotate_master()} tenant keys are wrapped under a new master key"

    if tenant and receipts:
        raise click.UsageError("either --tenant or --receipts")
    click.echo(with_database(work))
