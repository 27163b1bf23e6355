"""Runs, their steps, and the cache."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

RUN = sa.ForeignKey("runs.run_id", ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("finished_at", sa.String()),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("outputs", sa.JSON(), nullable=False),
        sa.Column("diagnostics", sa.JSON(), nullable=False),
    )
    op.create_index("ix_runs_created_at", "runs", ["created_at"])
    op.create_table(
        "steps",
        sa.Column("run_id", sa.String(), RUN, primary_key=True),
        sa.Column("path", sa.String(), primary_key=True),
        sa.Column("turn", sa.String(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cached", sa.Boolean(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("key", sa.String()),
        sa.Column("started_at", sa.String()),
        sa.Column("finished_at", sa.String()),
        sa.Column("inputs", sa.JSON()),
        sa.Column("outputs", sa.JSON()),
        sa.Column("error", sa.JSON()),
        sa.Column("report", sa.JSON()),
    )
    op.create_table(
        "cache",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("cache")
    op.drop_table("steps")
    op.drop_table("runs")
