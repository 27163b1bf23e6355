"""Notebook servers and their volumes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("status", sa.JSON(), nullable=False),
    )
    op.create_table(
        "volumes",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("size", sa.String(), nullable=False),
        sa.Column("made_for", sa.String()),
        sa.Column("reclaim", sa.String(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("volumes")
    op.drop_table("servers")
