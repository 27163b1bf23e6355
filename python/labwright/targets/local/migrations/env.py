"""Alembic's entry: run the migrations on the connection the store gives."""

from alembic import context

from labwright.targets.local.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
