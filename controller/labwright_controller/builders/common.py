"""What all objects of a Notebook have in common: namespace, labels, owner."""

from __future__ import annotations

import re

from labwright_controller.kinds import GROUP, NOTEBOOK_LABEL, VERSION, Object
from labwright_controller.names import LABEL, safe

_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")


def labels(notebook: Object) -> dict[str, str]:
    """The label by which the objects of a Notebook are found."""
    name: str = notebook["metadata"]["name"]
    fits = len(name) <= LABEL and _LABEL_VALUE.fullmatch(name)
    return {NOTEBOOK_LABEL: name if fits else safe(name)}


def owned(notebook: Object, body: Object) -> Object:
    """Put an object beside its Notebook, and let it go with it."""
    metadata = notebook["metadata"]
    body["metadata"].update(
        namespace=metadata["namespace"],
        labels=labels(notebook),
        ownerReferences=[
            {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": "Notebook",
                "name": metadata["name"],
                "uid": metadata["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    )
    return body
