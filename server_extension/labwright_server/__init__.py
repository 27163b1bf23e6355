"""Labwright's side of the Jupyter server: an HTTP API and events for the panels in JupyterLab."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .app import LabwrightApp

    return [{"module": "labwright_server", "app": LabwrightApp}]
