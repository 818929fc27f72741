"""The journal becomes a Merkle log; the entries there are so far become its first leaves."""

from pathlib import Path
from typing import Any

from alembic import op
from hyperpersonal_registry import journal

revision = "0002"
down_revision = "0001"

SCRIPT = Path(__file__).parents[1] / "sql" / "0002_log.sql"


def upgrade() -> None:
    """One file of many statements, so it goes to asyncpg's simple query protocol as it is."""
    op.get_bind().connection.run_async(_upgrade)


async def _upgrade(raw: Any) -> None:
    await raw.execute(SCRIPT.read_text())
    await raw.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=journal.DECODE)
    await raw.execute("alter table registry.journal disable trigger append_only")
    await journal.rebuild(raw)
    await raw.execute("alter table registry.journal enable trigger append_only")
