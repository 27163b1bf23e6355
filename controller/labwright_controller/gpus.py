"""When servers last used their GPUs, from the metrics of NVIDIA's DCGM exporter."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timezone

import aiohttp

from labwright_controller.kinds import Key

log = logging.getLogger(__name__)

_SAMPLE = re.compile(r"DCGM_FI_DEV_GPU_UTIL\{(?P<labels>[^}]*)\}\s+(?P<value>[-+.\dEe]+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class Gpus:
    """Looks at `urls`: exporters, or a Prometheus' /federate page."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._urls = urls
        self._last_use: dict[Key, datetime] = {}
        self._known: set[Key] = set()

    async def look(self, session: aiohttp.ClientSession) -> None:
        """See what all GPUs do now."""
        used: dict[Key, float] = {}
        for url in self._urls:
            try:
                async with session.get(url) as answer:
                    answer.raise_for_status()
                    text = await answer.text()
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("GPU metrics cannot be had: %s", error or type(error).__name__)
                # What is not known is no proof of idleness.
                used = {}
                break
            for key, value in utilisation(text).items():
                used[key] = max(used.get(key, 0), value)
        self._known = set(used)
        now = datetime.now(timezone.utc)
        # One that was not seen before may have worked until just now.
        for key, value in used.items():
            if value > 0 or key not in self._last_use:
                self._last_use[key] = now
        for key in self._last_use.keys() - used.keys():
            del self._last_use[key]

    def last_use(self, key: Key) -> datetime | None:
        """When a server's GPU was last seen at work; None if that is not known."""
        return self._last_use.get(key) if key in self._known else None


def utilisation(text: str) -> dict[Key, float]:
    """The busiest GPU of each server, from a page of metrics."""
    found: dict[Key, float] = {}
    for sample in _SAMPLE.finditer(text):
        labels = dict(_LABEL.findall(sample["labels"]))
        # Prometheus puts the exporter's own pod there, and the server's before it.
        pod = labels.get("exported_pod") or labels.get("pod", "")
        namespace = labels.get("exported_namespace") or labels.get("namespace", "")
        if pod.endswith("-0") and namespace:
            key = (namespace, pod[:-2])
            found[key] = max(found.get(key, 0.0), float(sample["value"]))
    return found
