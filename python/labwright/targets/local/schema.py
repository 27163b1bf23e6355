"""The store's tables, and bringing a database to them.

Alembic costs more than a small run to import, so it is only imported where there is something to
migrate: a new database is made from the tables as they are, and stamped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    text,
)

from ...errors import LabwrightError

HEAD = "0003"
MIGRATIONS = Path(__file__).parent / "migrations"

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("created_at", String, nullable=False, index=True),
    Column("finished_at", String),
    Column("parameters", JSON, nullable=False),
    Column("options", JSON, nullable=False),
    Column("outputs", JSON, nullable=False),
    Column("diagnostics", JSON, nullable=False),
    Column("target", String, nullable=False, server_default="local"),
    Column("experiment", String, index=True),
    Column("started_at", String),
    Column("reason", String),
)

steps = Table(
    "steps",
    metadata,
    Column("run_id", String, ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    Column("path", String, primary_key=True),
    Column("turn", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("folder", String, nullable=False),
    Column("state", String, nullable=False),
    Column("cached", Boolean, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("key", String),
    Column("started_at", String),
    Column("finished_at", String),
    Column("inputs", JSON),
    Column("outputs", JSON),
    Column("error", JSON),
    Column("report", JSON),
)

cache = Table(
    "cache",
    metadata,
    Column("key", String, primary_key=True),
    Column("created_at", String, nullable=False),
    Column("value", Text, nullable=False),
)

servers = Table(
    "servers",
    metadata,
    Column("name", String, primary_key=True),
    Column("created_at", String, nullable=False),
    Column("state", String, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("status", JSON, nullable=False),
)

volumes = Table(
    "volumes",
    metadata,
    Column("name", String, primary_key=True),
    Column("created_at", String, nullable=False),
    Column("size", String, nullable=False),
    Column("made_for", String),
    Column("reclaim", String, nullable=False),
)


def prepare(connection: Connection) -> None:
    """Bring the database to the present tables."""
    version = _version(connection)
    if version == HEAD:
        return
    if version is None:
        metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
        return
    migrate(connection)


def migrate(connection: Connection) -> None:
    """Run the migrations that the database has not seen."""
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        raise LabwrightError(
            f"the store was made by another version of Labwright: {error}",
            hint="upgrade Labwright, or set LABWRIGHT_HOME to another folder",
        ) from error


def alembic_config(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
