"""Labwright's side of the Jupyter server: an HTTP API and events for the panels in JupyterLab."""
