"""What `%load_ext labwright` brings into a notebook: `%%step`, `%pipeline` and `%spawn`."""

from __future__ import annotations

from typing import Any


def load(shell: Any) -> None:
    """Register the magics with an IPython shell."""
    from .pipeline import PipelineMagics
    from .spawn import SpawnMagics
    from .step import StepMagics, plain_steps

    if plain_steps not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.insert(0, plain_steps)
    shell.register_magics(StepMagics)
    shell.register_magics(PipelineMagics)
    shell.register_magics(SpawnMagics)


def unload(shell: Any) -> None:
    """Take the magics out again."""
    from .step import plain_steps

    if plain_steps in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(plain_steps)
    for kind, name in (("cell", "step"), ("line", "pipeline"), ("line", "spawn")):
        shell.magics_manager.magics[kind].pop(name, None)
