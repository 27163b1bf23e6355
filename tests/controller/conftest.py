"""The CRDs, for all tests of the controller."""

from controller.fixtures import crds

__all__ = ["crds"]
