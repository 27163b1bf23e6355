"""Where a run runs, its experiment, when it began (not when it was asked for), why it waits."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("runs", sa.Column("target", sa.String(), nullable=False, server_default="local"))
    op.add_column("runs", sa.Column("experiment", sa.String()))
    op.add_column("runs", sa.Column("started_at", sa.String()))
    op.add_column("runs", sa.Column("reason", sa.String()))
    op.create_index("ix_runs_state", "runs", ["state"])
    op.create_index("ix_runs_experiment", "runs", ["experiment"])
    # Until now a run began as soon as it was asked for.
    op.execute("UPDATE runs SET started_at = created_at")


def downgrade() -> None:
    op.drop_index("ix_runs_experiment", "runs")
    op.drop_index("ix_runs_state", "runs")
    with op.batch_alter_table("runs") as table:
        for name in ("reason", "started_at", "experiment", "target"):
            table.drop_column(name)
