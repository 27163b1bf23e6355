"""The manifests' webhooks, as a test can have them."""

from __future__ import annotations

from pathlib import Path

import yaml

from controller.objects import Object

MANIFEST = Path(__file__).parents[2] / "controller" / "manifests" / "base" / "webhooks.yaml"


def configurations(namespace: str, port: int) -> list[Object]:
    """The manifest's, for one namespace alone and on loopback."""
    bodies: list[Object] = list(yaml.safe_load_all(MANIFEST.read_text()))
    bodies = [body for body in bodies if "webhooks" in body]
    ours = f"(object == null ? oldObject : object).metadata.name.startsWith('{namespace}')"
    for body in bodies:
        body["metadata"]["name"] = namespace
        for hook in body["webhooks"]:
            path = hook["clientConfig"].pop("service")["path"]
            hook["clientConfig"]["url"] = f"https://127.0.0.1:{port}{path}"
            if hook["name"].startswith("images"):
                hook["matchConditions"] = [{"name": "ours", "expression": ours}]
            else:
                labels = {"kubernetes.io/metadata.name": namespace}
                hook["namespaceSelector"] = {"matchLabels": labels}
    return bodies


def is_known(configuration: Object) -> bool:
    return all("caBundle" in hook["clientConfig"] for hook in configuration["webhooks"])
