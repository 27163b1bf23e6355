"""The law of the converter, checked: the pipeline gives the outputs of the notebook."""

from .check import verify

__all__ = ["verify"]
