"""Recurring runs of the double that are due become runs."""

from __future__ import annotations

import threading
import time
from typing import Any

from kfp_double.errors import Refusal
from kfp_double.world import World

Item = dict[str, Any]
TICK = 0.2


def check_trigger(body: Item) -> None:
    """What the API server refuses in a recurring run."""
    trigger = body.get("trigger") or {}
    cron, period = trigger.get("cron_schedule"), trigger.get("periodic_schedule")
    if cron and len(str(cron.get("cron", "")).split()) not in (5, 6):
        raise Refusal(
            "invalid",
            f"Invalid input error: Schedule cron is not a supported format: {cron.get('cron')}",
        )
    if period and int(period.get("interval_second") or 0) <= 0:
        raise Refusal("invalid", "Invalid input error: Found invalid period schedule interval")
    most = int(body.get("max_concurrency") or 0)
    if not 1 <= most <= 10:
        raise Refusal(
            "invalid",
            "Invalid input error: Max concurrency of the recurring run must be between 1 and 10",
        )


class Clock:
    """Starts the runs of periodic schedules. Cron schedules of tests are never due."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stop = threading.Event()
        self._last: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(TICK):
            for key, item in list(self._world.recurring.items()):
                period = (item.get("trigger") or {}).get("periodic_schedule")
                if item["status"] == "ENABLED" and period:
                    self._turn(key, item, int(period["interval_second"]))

    def _turn(self, key: str, item: Item, every: int) -> None:
        moment = time.monotonic()
        due = self._last.setdefault(key, moment) + every
        going = [
            run
            for run in list(self._world.runs)
            if self._world.runs[run].get("recurring_run_id") == key
            and self._world.executions[run].state not in ("SUCCEEDED", "FAILED")
        ]
        if moment < due or len(going) >= int(item["max_concurrency"]):
            return
        self._last[key] = moment
        count = sum(run.get("recurring_run_id") == key for run in self._world.runs.values())
        body = {name: item[name] for name in _OF_RUNS if name in item}
        name = f"{item['display_name']}-{count + 1}"
        self._world.add_run({**body, "display_name": name}, recurring=key)


_OF_RUNS = (
    *("experiment_id", "pipeline_version_reference", "pipeline_spec", "runtime_config"),
    *("service_account", "description"),
)
