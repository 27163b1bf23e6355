"""The executors that run no process of their own: importers, and the making of volumes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from .artifacts import remote_files, tree_digest, tree_size
from .context import Context
from .dag import Artifact, Bound, Unresolved, Value
from .home import volumes_folder
from .ir import Component, Constant, Importer
from .placeholders import fill_all
from .rundir import StepDir

CREATE_VOLUME, DELETE_VOLUME = "argostub/createpvc", "argostub/deletepvc"
VOLUME_IMAGES = (CREATE_VOLUME, DELETE_VOLUME)


def import_artifact(
    context: Context,
    importer: Importer,
    component: Component,
    folder: StepDir,
    executor_input: Mapping[str, Any],
    constants: Mapping[str, str],
) -> Bound:
    """What an importer gives: a local file where it is, or a copy of a remote one."""
    given = executor_input["inputs"]["parameterValues"]
    source = importer.uri
    uri = str(source.value if isinstance(source, Constant) else given.get(source.name, ""))
    (name,) = component.output_artifacts
    metadata = fill_all(dict(importer.metadata), executor_input, constants)
    schema = component.output_artifacts[name].schema
    parsed = urlparse(uri)
    if parsed.scheme in ("", "file"):
        path = (context.workdir / unquote(parsed.path)).absolute()
        if not path.exists():
            raise Unresolved(f"cannot import {uri}: there is no such file or folder")
        digest, size = tree_digest(path)[0], tree_size(path)
        # It stays where it is and may change, so its digest only tells the cache what it was.
        metadata = {**metadata, "content": digest}
        return Bound({}, {name: (Artifact(name, str(path), "", None, size, schema, metadata),)})
    files, place = remote_files(uri), folder.path / name
    try:
        files.get(uri.rstrip("/"), str(place), recursive=files.isdir(uri))
    except Exception as error:  # each of fsspec's file systems has errors of its own
        raise Unresolved(f"cannot import {uri}: {type(error).__name__}: {error}") from error
    stored = context.artifacts.take(place)
    at = str(context.artifacts.path(stored.digest))
    shown = str(place.relative_to(context.dir.path))
    made = Artifact(name, at, shown, stored.digest, stored.bytes, schema, metadata)
    return Bound({}, {name: (made,)})


def volume_step(context: Context, image: str, parameters: Mapping[str, Any], step: str) -> Bound:
    """`CreatePVC` makes a folder under Labwright's home, `DeletePVC` removes it."""
    folder = volumes_folder(context.store.root)
    if image == DELETE_VOLUME:
        shutil.rmtree(_within(folder, str(parameters["pvc_name"])), ignore_errors=True)
        return Bound()
    name = parameters.get("pvc_name") or f"{context.run_id}{parameters.get('pvc_name_suffix', '')}"
    _within(folder, str(name)).mkdir(parents=True, exist_ok=True)
    return Bound({"name": Value(str(name), step)})


def _within(folder: Path, name: str) -> Path:
    if not name or "/" in name or name.startswith("."):
        raise Unresolved(f"{name!r} is no name for a volume")
    return folder / name
