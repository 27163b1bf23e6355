"""The process of a server: started so that it outlives who started it, and ended for good."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil

from ....errors import LabwrightError
from ..limits import own_memory
from ..locks import try_lock
from .place import ServerDir

# Written by the process itself, so that whoever finds the lock held also finds who holds it.
_BECOME = 'echo $$ > "$0" && exec "$@"'


def start(
    place: ServerDir,
    command: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    held: Iterable[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a server's process. It holds its lock, and the locks in `held`, while it lives.

    Raises:
        LabwrightError: there is one already, or it cannot be started.
    """
    lock = try_lock(place.lock, 0.5)
    if lock is None:
        raise LabwrightError("its process lives already", where=place.path.name)
    try:
        place.pid.unlink(missing_ok=True)
        place.begin_log()
        with place.log.open("ab") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", _BECOME, str(place.pid), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(env),
                cwd=folder,
                pass_fds=(lock, *held),
                start_new_session=True,
            )
    except OSError as error:
        raise LabwrightError(
            f"it cannot be started: {error.strerror}", where=place.path.name
        ) from None
    finally:
        os.close(lock)


def family(pid: int | None) -> list[psutil.Process]:
    """The process and all that descend from it: kernels, terminals, what they started."""
    try:
        head = psutil.Process(pid) if pid is not None else None
        return [head, *head.children(recursive=True)] if head else []
    except psutil.Error:
        return []


def send(processes: Iterable[psutil.Process], number: int) -> None:
    """Signal those that still are who they were."""
    for one in processes:
        try:
            one.send_signal(number)
        except psutil.Error:
            continue


def keep_to(pid: int, cpus: Sequence[int]) -> None:
    """Have the process, and what it starts from now on, run on these CPUs only."""
    try:
        psutil.Process(pid).cpu_affinity(list(cpus))
    except psutil.Error:  # it is gone already
        return


def choose_cpus(count: int, allowed: Sequence[int], taken: Iterable[int]) -> tuple[int, ...]:
    """So many CPUs, those first that the fewest other servers have. Pure."""
    used = list(taken)
    ranked = sorted(allowed, key=lambda cpu: (used.count(cpu), cpu))
    return tuple(sorted(ranked[:count]))


def end_greediest(processes: Sequence[psutil.Process], limit: float) -> str | None:
    """Kill the largest process if all take more memory than they may, as a kernel would.

    What is to be said of it, or None where nothing had to be done.
    """
    sizes = {one.pid: own_memory(one.pid) for one in processes}
    if not processes or sum(sizes.values()) <= limit:
        return None
    # The server itself only where nothing else is left to end.
    largest = max(processes[1:] or processes, key=lambda one: sizes[one.pid])
    try:
        name = largest.name()
        largest.kill()
    except psutil.Error:
        return None
    return f"A process ({name}) was ended because the server took more memory than it may."
