"""Look at all servers now and then, and stop those that are idle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import aiohttp

from labwright_controller import culling
from labwright_controller.api import Api, ApiError, reference
from labwright_controller.cache import Cache
from labwright_controller.events import event_about
from labwright_controller.gpus import Gpus
from labwright_controller.kinds import (
    GROUP,
    LAST_ACTIVITY,
    LAST_CHECK,
    STOP_REASON,
    STOPPED,
    VERSION,
    Key,
    Object,
)
from labwright_controller.names import safe
from labwright_controller.probes import probe
from labwright_controller.settings import Settings
from labwright_controller.status import container_state, parse_time

log = logging.getLogger(__name__)

AT_ONCE = 32
TIMEOUT = aiohttp.ClientTimeout(total=10)


class Culler:
    """`stop_at` is shared with the status: who is to be stopped, and when."""

    def __init__(
        self,
        cache: Cache,
        api: Api,
        settings: Settings,
        stop_at: dict[Key, str],
        look_at: Callable[[Key], None],
    ) -> None:
        self._cache = cache
        self._api = api
        self._settings = settings
        self._stop_at = stop_at
        self._look_at = look_at
        self._gpus = Gpus(settings.gpu_metrics)
        self.culled = 0

    async def run(self) -> None:
        """Look at all servers, again and again, until cancelled."""
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            while True:
                await asyncio.sleep(self._settings.check_minutes * 60)
                places = asyncio.Semaphore(AT_ONCE)
                await self._gpus.look(session)

                async def check(key: Key, places: asyncio.Semaphore = places) -> None:
                    async with places:
                        try:
                            await self._check(key, session)
                        except (aiohttp.ClientError, TimeoutError, ApiError, ValueError) as error:
                            # No answer is no proof of idleness.
                            self._withdraw_if_past(key)
                            log.info("%s/%s was not probed: %s", *key, error or type(error))

                await asyncio.gather(*(check(key) for key in list(self._cache.all("Notebook"))))

    async def _check(self, key: Key, session: aiohttp.ClientSession) -> None:
        notebook, pod = self._cache.get("Notebook", key), self._cache.get("Pod", key)
        rule = culling.policy(notebook, self._settings) if notebook else None
        if notebook is None or pod is None or rule is None or culling.is_stopped(notebook):
            self._warn_of(key, None)
            return
        running = container_state(notebook, pod).get("running", {})
        started = parse_time(running.get("startedAt"))
        if started is None:
            self._warn_of(key, None)
            return
        seen = await probe(notebook, key, self._settings, session, rule.keep_while_connected)
        now = datetime.now(timezone.utc)
        seen = replace(seen, gpu_used=self._gpus.last_use(key))
        told = parse_time(self._stop_at.get(key))
        decision = culling.decide(notebook, started, seen, rule, now)
        decision = culling.tell_first(decision, told, rule, now)
        if decision.stop:
            await self._stop(notebook, decision, rule, now)
            self._warn_of(key, None)
            return
        await self._note(notebook, decision, rule, now)
        new = self._warn_of(key, decision.stop_at)
        if new and decision.stop_at is not None:
            await self._tell(notebook, decision.stop_at, now)

    def _withdraw_if_past(self, key: Key) -> None:
        """Who could not be asked when it was time to stop is told anew before a stop."""
        told = parse_time(self._stop_at.get(key))
        if told is not None and told <= datetime.now(timezone.utc):
            self._warn_of(key, None)

    def _warn_of(self, key: Key, stop_at: datetime | None) -> bool:
        """Have the status say when it will be stopped; True if that is new."""
        text = rfc3339(stop_at) if stop_at else None
        if self._stop_at.get(key) == text:
            return False
        if text is None:
            self._stop_at.pop(key, None)
        else:
            self._stop_at[key] = text
        self._look_at(key)
        return text is not None

    async def _stop(
        self, notebook: Object, decision: culling.Decision, rule: culling.Policy, now: datetime
    ) -> None:
        last = rfc3339(decision.last_activity)
        annotations = {
            STOPPED: rfc3339(now),
            STOP_REASON: culling.reason(decision, rule, last),
            LAST_ACTIVITY: last,
            LAST_CHECK: rfc3339(now),
        }
        await self._annotate(notebook, annotations)
        self.culled += 1
        log.info("stopped %s/%s: idle since %s", *_name(notebook), last)

    async def _note(
        self, notebook: Object, decision: culling.Decision, rule: culling.Policy, now: datetime
    ) -> None:
        """Keep the last activity in the annotation, but do not write at every look."""
        noted = parse_time(notebook["metadata"].get("annotations", {}).get(LAST_ACTIVITY))
        if noted is not None and decision.last_activity - noted < rule.shortest / 20:
            return
        await self._annotate(
            notebook,
            {LAST_ACTIVITY: rfc3339(decision.last_activity), LAST_CHECK: rfc3339(now)},
        )

    async def _annotate(self, notebook: Object, annotations: dict[str, str]) -> None:
        where = reference("Notebook", f"{GROUP}/{VERSION}", *_name(notebook))
        # The version makes sure that nobody started, stopped or changed it since it was probed.
        version = notebook["metadata"]["resourceVersion"]
        metadata = {"annotations": annotations, "resourceVersion": version}
        self._cache.put("Notebook", await self._api.patch(where, {"metadata": metadata}))
        namespace, name = _name(notebook)
        self._look_at((namespace, safe(name)))

    async def _tell(self, notebook: Object, stop_at: datetime, now: datetime) -> None:
        metadata = notebook["metadata"]
        await self._api.create(
            event_about(
                notebook,
                f"{metadata['name'][:200].rstrip('.-')}.idle.{int(stop_at.timestamp()):x}",
                "Warning",
                "Idle",
                f"The server is idle and will be stopped at {rfc3339(stop_at)} unless it is used.",
                rfc3339(now),
            )
        )


def rfc3339(time: datetime) -> str:
    """A time as Kubernetes writes it; rounded up, since activity has fractions of seconds."""
    up = time + timedelta(seconds=1) if time.microsecond else time
    return up.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _name(body: Object) -> Key:
    return body["metadata"]["namespace"], body["metadata"]["name"]
