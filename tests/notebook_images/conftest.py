"""The CRDs, for the catalogue and for servers of the images."""

from controller.fixtures import crds

__all__ = ["crds"]
