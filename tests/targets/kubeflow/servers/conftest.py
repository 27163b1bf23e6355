"""A cluster with servers."""

from controller.fixtures import crds

from .bench import bench

__all__ = ["bench", "crds"]
