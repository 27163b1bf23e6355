"""A container image made of this Debian machine's own Python and shell; no registry is asked."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import subprocess
import tarfile
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

PYTHON_IMAGE = "labwright.test/python:debian"
_PROGRAMS = (
    "python3 bash sh env sleep cat cp ls mkdir mv rm ln chmod dirname basename head tail tr test"
    " true false uname id date mktemp tar gzip grep sed"
)
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_MERGED = ("bin", "lib", "lib64", "sbin")


def write_python_image(
    path: Path,
    name: str = PYTHON_IMAGE,
    also: Mapping[Path, str] | None = None,
    *,
    user: str = "",
    **env: str,
) -> None:
    """Write an image as a tar that `ctr images import` reads, with folders of the machine too.

    `also` says where in it each folder is to be. Its containers run as `user`, root if none is
    named, with `env` besides the usual environment.
    """
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
    layer = path.with_suffix(".layer")
    with tarfile.open(layer, "w", format=tarfile.GNU_FORMAT) as tar:
        _write_root(tar, _files())
        for folder, place in (also or {}).items():
            tar.add(folder, place.lstrip("/"))
    with open(layer, "rb") as stream:
        content = hashlib.sha256()
        while part := stream.read(1 << 20):
            content.update(part)
    digest = f"sha256:{content.hexdigest()}"
    config = {
        "architecture": _ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {
            # Without a command it is the pause container of a pod.
            "Cmd": ["/usr/bin/sleep", "infinity"],
            "Env": [f"{key}={value}" for key, value in {**environment, **env}.items()],
            "User": user,
        },
        "rootfs": {"type": "layers", "diff_ids": [digest]},
    }
    _write_archive(path, name, config, layer, digest)
    layer.unlink()


def _write_archive(
    path: Path, name: str, config: dict[str, Any], layer: Path, layer_digest: str
) -> None:
    oci = "application/vnd.oci.image"
    blobs: dict[str, bytes] = {}

    def blob(kind: str, content: dict[str, Any]) -> dict[str, Any]:
        data = json.dumps(content).encode()
        blobs[_digest(data)] = data
        return {"mediaType": f"{oci}.{kind}", "digest": _digest(data), "size": len(data)}

    layers = [
        {
            "mediaType": f"{oci}.layer.v1.tar",
            "digest": layer_digest,
            "size": layer.stat().st_size,
        }
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{oci}.manifest.v1+json",
        "config": blob("config.v1+json", config),
        "layers": layers,
    }
    annotations = {"io.containerd.image.name": name}
    described = {**blob("manifest.v1+json", manifest), "annotations": annotations}
    index = {"schemaVersion": 2, "manifests": [described]}
    with tarfile.open(path, "w") as tar:
        _add(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        _add(tar, "index.json", json.dumps(index).encode())
        for digest, data in blobs.items():
            _add(tar, f"blobs/sha256/{digest.removeprefix('sha256:')}", data)
        tar.add(layer, f"blobs/sha256/{layer_digest.removeprefix('sha256:')}")


def _write_root(tar: tarfile.TarFile, files: list[Path]) -> None:
    for folder, mode in {
        "proc": 0o555,
        "sys": 0o555,
        "dev": 0o755,
        "tmp": 0o1777,
        "root": 0o700,
    }.items():
        _add(tar, folder, None, mode)
    for name in _MERGED:
        _add(tar, f"usr/{name}", None)
        link = tarfile.TarInfo(name)
        link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
        tar.addfile(link)
    users = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
    _add(tar, "etc/passwd", users)
    _add(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    _add(tar, "etc/nsswitch.conf", b"hosts: files dns\n")
    for file in sorted(set(files)):
        tar.add(file, str(file).lstrip("/"), recursive=False)


def _files() -> list[Path]:
    """The programs, Python's library, and every shared library that one of them links."""
    programs = [Path("/usr/bin") / name for name in _PROGRAMS.split()]
    library = Path("/usr/lib") / Path("/usr/bin/python3").resolve().name
    files = [*programs, *_below(library, {"test", "dist-packages"})]
    linking = [*programs, *(file for file in files if file.suffix == ".so")]
    # Not all that the library brings is complete on every machine (tkinter's, say).
    listed = subprocess.run(["ldd", *map(str, linking)], capture_output=True, text=True).stdout
    linked = {Path(found) for found in re.findall(r"(/\S+) \(0x", listed)}
    return [place for file in [*files, *linked] for place in _with_targets(_merged(file))]


def _below(folder: Path, without: Container[str] = ()) -> Iterator[Path]:
    yield folder
    for file in folder.iterdir():
        if file.is_dir() and not file.is_symlink():
            if file.name != "__pycache__" and file.name not in without:
                yield from _below(file, without)
        else:
            yield file


def _merged(file: Path) -> Path:
    return Path("/usr", *file.parts[1:]) if file.parts[1] in _MERGED else file


def _with_targets(file: Path) -> Iterator[Path]:
    """A file, and those that it leads to where it is a link."""
    yield file
    while file.is_symlink():
        file = _merged(Path(os.path.normpath(file.parent / file.readlink())))
        yield file


def _add(tar: tarfile.TarFile, name: str, data: bytes | None, mode: int = 0o755) -> None:
    info = tarfile.TarInfo(name)
    info.mode = mode
    if data is None:
        info.type = tarfile.DIRTYPE
    else:
        info.size, info.mode = len(data), 0o644
    tar.addfile(info, io.BytesIO(data or b""))


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
