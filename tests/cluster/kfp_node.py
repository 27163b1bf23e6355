"""KFP's pods on the real node: their image, and the services they look for by name."""

from __future__ import annotations

import random
import shutil
import socket
import sys
from pathlib import Path

from cluster import programs
from cluster.distributions import copy_distribution, linked
from cluster.image import write_python_image
from cluster.kfp_parts import HOST, Pods
from cluster.kfp_programs import IN_PODS, metadata_python, need
from cluster.node import Node
from cluster.processes import Processes

IMAGE = "labwright.test/kfp:1"
# Where its programs and libraries are. Not in /tmp, over which Argo mounts a volume.
PLACE = "/opt/kfp"
# What a step may import: of this Python, so /usr/bin/python3 has to be of the same version.
LIBRARIES = ["numpy", "pandas", "python-dateutil", "six", "tzdata"]
# KFP refuses root.
NOBODY = "65534"
# KFP's pods look for these ports, whatever the servers listen at.
GRPC_PORT = 8887
METADATA_PORT = 8080


def start_pods(processes: Processes, namespace: str, grpc_port: int, node: Node) -> Pods:
    """Start what the pods need besides the server; gives how the pods are to be."""
    # The ports are fixed, so the address is free.
    address = f"127.{random.randrange(64, 127)}.{random.randrange(256)}.{random.randrange(1, 255)}"
    server = [str(metadata_python()), str(programs.HERE / "metadata_store.py")]
    processes.start("metadata", [*server, f"{address}:{METADATA_PORT}", "metadata.db"])
    relay = [sys.executable, "-m", "cluster.relay", f"{address}:{GRPC_PORT}"]
    processes.start("grpc", [*relay, f"{HOST}:{grpc_port}"], cwd=programs.HERE.parent)

    def ready() -> bool:
        with socket.create_connection((address, METADATA_PORT), timeout=1):
            return True

    processes.wait_for("metadata", ready)
    services = ("ml-pipeline", "metadata-grpc-service")
    names = [f"{service}.{namespace}.svc.cluster.local" for service in services]
    load_image(processes.scratch("image"), node)
    return Pods(
        workflow=node.pod_spec(hostAliases=[{"ip": address, "hostnames": names}]),
        executor={"name": "", "image": IMAGE},
        env={
            "V2_DRIVER_IMAGE": IMAGE,
            "V2_DRIVER_COMMAND": f"{PLACE}/bin/driver",
            "V2_LAUNCHER_IMAGE": IMAGE,
            "V2_LAUNCHER_COMMAND": f"{PLACE}/bin/launcher-v2",
            "PIPELINE_RUN_AS_USER": NOBODY,
        },
    )


def load_image(folder: Path, node: Node) -> None:
    """Load an image with KFP's programs and some libraries, which this folder is for."""
    for name in ("bin", "lib", "python"):
        (folder / name).mkdir(parents=True)
    for program in IN_PODS:
        shutil.copy(need(program), folder / "bin")
    for library in LIBRARIES:
        copy_distribution(library, folder / "python")
    for shared in linked(folder / "python"):
        shutil.copy(shared, folder / "lib")
    archive = folder.with_suffix(".tar")
    write_python_image(
        archive,
        IMAGE,
        also={folder: PLACE},
        user=NOBODY,
        HOME="/tmp",
        PATH=f"{PLACE}/bin:/usr/bin:/bin",
        LD_LIBRARY_PATH=f"{PLACE}/lib",
        PYTHONPATH=f"{PLACE}/python",
    )
    node.load_image(archive)
    archive.unlink()
