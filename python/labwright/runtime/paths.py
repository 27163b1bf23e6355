"""Where the launcher puts what an `executor_input` names."""

from __future__ import annotations

import os
from typing import Any

MOUNTS = (("gs://", "/gcs/"), ("minio://", "/minio/"), ("s3://", "/s3/"), ("file://", ""))


def local_path(uri: str) -> str:
    """The local path of an artifact's URI, by the launcher's own rule."""
    for scheme, mount in MOUNTS:
        if uri.startswith(scheme):
            return mount + uri[len(scheme) :]
    return uri


def write_atomic(path: str, text: str) -> None:
    """Write a file whole or not at all: a reader never sees half of it."""
    import tempfile

    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=folder, prefix=".labwright-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        os.chmod(scratch, 0o644)
        os.replace(scratch, path)
    except BaseException:
        os.unlink(scratch)
        raise


def write_json(path: str, value: Any) -> None:
    import json

    write_atomic(path, json.dumps(value, indent=1, sort_keys=True, default=str) + "\n")
