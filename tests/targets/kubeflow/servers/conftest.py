"""A cluster with servers."""

from .bench import bench

__all__ = ["bench"]
