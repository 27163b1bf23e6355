"""A step's log, read on from where it was left, for whoever watches a run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

View = dict[str, Any]


class _HasLogs(Protocol):
    async def log(
        self,
        run_id: str,
        step: str,
        iteration: str | None = None,
        *,
        offset: int = 0,
        limit: int = 1 << 20,
    ) -> View: ...


def step_key(step: Mapping[str, Any]) -> tuple[str, str]:
    """What tells a step, or a turn of it, from the others of its run."""
    iteration = step.get("iteration")
    return str(step["name"]), "" if iteration is None else str(iteration)


class LogFollower:
    """Which byte of each step's log was told last."""

    def __init__(self, target: _HasLogs, run_id: str) -> None:
        self._target = target
        self._run_id = run_id
        self._told: dict[tuple[str, str], int] = {}
        self._over: set[tuple[str, str]] = set()

    async def read(self, step: Mapping[str, Any]) -> AsyncIterator[View]:
        """What a step printed since, as `log` changes. Cached steps printed in another run."""
        key = step_key(step)
        if key in self._over or step.get("cached") or step.get("state") in ("PENDING", "SKIPPED"):
            return
        while True:
            offset = self._told.get(key, 0)
            piece = await self._target.log(self._run_id, key[0], key[1] or None, offset=offset)
            if piece["text"]:
                yield {
                    "type": "log",
                    "run_id": self._run_id,
                    "step": step["name"],
                    "iteration": step.get("iteration"),
                    "offset": piece["offset"],
                    "text": piece["text"],
                }
            self._told[key] = piece["next"]
            if piece["end"]:
                self._over.add(key)
                return
            if not piece["text"]:
                return

    def again(self) -> None:
        """The run was begun anew: its logs are, too."""
        self._over.clear()
