"""How long servers take to start, from their pod being made to its being ready."""

from __future__ import annotations

from prometheus_client import Histogram

from labwright_controller.kinds import Key, Object
from labwright_controller.status import parse_time

BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200)


class Startups:
    """Each pod counts once; those that were ready before the controller came do not."""

    def __init__(self) -> None:
        self.histogram = Histogram(
            "notebook_startup_seconds",
            "From a server's pod being made to its being ready",
            registry=None,
            buckets=BUCKETS,
        )
        self._counted: dict[Key, str] = {}

    def see(self, key: Key, pod: Object, counts: bool) -> None:
        """Look at a pod that changed."""
        uid = pod["metadata"]["uid"]
        ready = next(
            (
                condition.get("lastTransitionTime")
                for condition in pod.get("status", {}).get("conditions") or ()
                if condition["type"] == "Ready" and condition["status"] == "True"
            ),
            None,
        )
        if ready is None or self._counted.get(key) == uid:
            return
        self._counted[key] = uid
        made, done = parse_time(pod["metadata"]["creationTimestamp"]), parse_time(ready)
        if counts and made is not None and done is not None:
            self.histogram.observe(max((done - made).total_seconds(), 0))

    def forget(self, key: Key) -> None:
        """A Notebook is gone."""
        self._counted.pop(key, None)
