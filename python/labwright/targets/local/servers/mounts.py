"""Volumes as folders, and the links in a server's workspace that lead to them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ....errors import LabwrightError
from ....servers.spec import HOME, Mount, ServerSpec
from ..home import volumes_folder
from ..rundir import read_json, write_json
from .place import ServerDir

WORKSPACE = "workspace"
SIZE = "10Gi"


def with_workspace(spec: ServerSpec, there: set[str], before: Sequence[Mount] = ()) -> ServerSpec:
    """The server with a volume for its own folder: the one it has or had, else a new one."""
    if any(one.path == HOME for one in spec.volumes):
        return spec
    taken = {one.name for one in spec.volumes}
    mount = next((one for one in before if one.path == HOME and one.name not in taken), None)
    if mount is None:
        name = WORKSPACE if WORKSPACE not in taken else f"{WORKSPACE}-home"
        mount = Mount(name, HOME, size=SIZE)
        if mount.claim(spec.name) in there:
            mount = Mount(name, HOME, existing=mount.claim(spec.name))
    return replace(spec, volumes=(*spec.volumes, mount))


def root_of(root: Path, spec: ServerSpec) -> Path:
    """The folder that the server shows: the volume at its home."""
    (home,) = [one for one in spec.volumes if one.path == HOME]
    return volumes_folder(root) / home.claim(spec.name)


def link_name(path: str) -> str:
    """Where in the workspace a volume is: `/home/jovyan/data` and `/data` are both `data`."""
    word = PurePosixPath(path)
    return str(word.relative_to(HOME if word.is_relative_to(HOME) else "/"))


def links_of(root: Path, spec: ServerSpec) -> dict[str, Path]:
    """Each link's name, those of outer folders first, and the folder it leads to."""
    found = {
        link_name(one.path): volumes_folder(root) / one.claim(spec.name)
        for one in spec.volumes
        if one.path != HOME
    }
    return dict(sorted(found.items(), key=lambda item: item[0].count("/")))


def apply_links(root: Path, place: ServerDir, spec: ServerSpec) -> None:
    """Have the workspace lead to the server's volumes, and to no others.

    Raises:
        LabwrightError: files of the user's are in the way.
    """
    workspace = root_of(root, spec)
    wanted = links_of(root, spec)
    drop_links(root, place, keep=wanted)
    write_json(place.links, [str(workspace / name) for name in wanted])
    for name, folder in wanted.items():
        link = workspace / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_symlink() and _ours(root, link):
            link.unlink()
        elif link.is_dir() and not link.is_symlink() and not any(link.iterdir()):
            link.rmdir()
        if os.path.lexists(link):
            raise LabwrightError(
                f"{name!r} is in its workspace already, so that no volume can be there",
                where=spec.name,
                hint=f"move {link} away, or give the volume another path",
            )
        link.symlink_to(folder)


def drop_links(root: Path, place: ServerDir, keep: dict[str, Path] | None = None) -> None:
    """Take away the links that were made; files behind them stay."""
    for text in read_json(place.links) or []:
        link = Path(text)
        wanted = (keep or {}).values()
        if link.is_symlink() and _ours(root, link) and Path(os.readlink(link)) not in wanted:
            link.unlink()


def _ours(root: Path, link: Path) -> bool:
    return Path(os.readlink(link)).parent == volumes_folder(root)
