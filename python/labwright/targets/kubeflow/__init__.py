"""Kubeflow Pipelines as a target: an async client of its HTTP API, and the target on top of it.

It asks for nothing but httpx and, for kubeconfig contexts, the `kubernetes` package.
"""
