"""One controller at a time: a Lease that its holder renews, as other controllers have one."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime, timezone

import aiohttp

from labwright_controller.api import Api, ApiError
from labwright_controller.kinds import MANAGER, Object

log = logging.getLogger(__name__)

DURATION = 15
RENEW_EVERY = 5.0
GIVE_UP_AFTER = 10.0
"""Without a renewal for so long a holder must end: soon another may take over."""


class LeadershipLost(Exception):
    """Another controller may be working now."""


class Lease:
    """The Lease, as one candidate sees it."""

    def __init__(self, api: Api, namespace: str, identity: str) -> None:
        self._api = api
        self._identity = identity
        self._where = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": MANAGER, "namespace": namespace},
        }
        # When this candidate saw the holder's last renewal, by its own clock: clocks differ.
        self._renewal: tuple[str, str] = ("", "")
        self._seen_at = 0.0

    async def acquire(self) -> None:
        """Wait until the lease is ours."""
        while True:
            try:
                if await self._try():
                    log.info("%s leads", self._identity)
                    return
            except (aiohttp.ClientError, TimeoutError, ApiError) as error:
                log.warning("the lease cannot be had: %s", error)
            await asyncio.sleep(RENEW_EVERY / 2)

    async def keep(self) -> None:
        """Renew the lease; raises LeadershipLost when that has failed for too long."""
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(RENEW_EVERY)
            try:
                async with asyncio.timeout(RENEW_EVERY):
                    mine = await self._try()
            except (aiohttp.ClientError, TimeoutError, ApiError) as error:
                log.warning("the lease was not renewed: %s", error)
                mine = None
            if mine:
                renewed = time.monotonic()
            elif mine is False or time.monotonic() - renewed > GIVE_UP_AFTER:
                raise LeadershipLost

    async def release(self) -> None:
        """Let another take over at once."""
        found = await self._api.get(self._where)
        if found is not None and found["spec"].get("holderIdentity") == self._identity:
            found["spec"]["holderIdentity"] = ""
            await self._api.replace(found)

    async def _try(self) -> bool:
        """Take or renew the lease; False if another holds it."""
        found = await self._api.get(self._where)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        mine: Object = {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": DURATION,
            "renewTime": now,
        }
        try:
            if found is None:
                await self._api.create({**self._where, "spec": {**mine, "acquireTime": now}})
                return True
            spec = found["spec"]
            holder = spec.get("holderIdentity", "")
            if holder != self._identity:
                if holder and not self._has_expired(holder, spec.get("renewTime", "")):
                    return False
                mine["acquireTime"] = now
                mine["leaseTransitions"] = spec.get("leaseTransitions", 0) + 1
            # The resourceVersion in it makes sure that nobody else took it meanwhile.
            await self._api.replace({**found, "spec": {**spec, **mine}})
        except ApiError as error:
            if error.status == 409:
                return False
            raise
        return True

    def _has_expired(self, holder: str, renewed: str) -> bool:
        if (holder, renewed) != self._renewal:
            self._renewal, self._seen_at = (holder, renewed), time.monotonic()
        return time.monotonic() - self._seen_at > DURATION
