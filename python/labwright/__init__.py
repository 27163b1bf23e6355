"""Labwright: a piece of a notebook that can run anywhere."""

__version__ = "0.1.0"


def load_ipython_extension(shell: object) -> None:
    """`%load_ext labwright`: the magics `%%step` and `%pipeline`."""
    from .magics import load

    load(shell)


def unload_ipython_extension(shell: object) -> None:
    """`%unload_ext labwright`."""
    from .magics import unload

    unload(shell)
