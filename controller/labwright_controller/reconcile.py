"""Make the cluster what a Notebook says, and say in its status what became of it.

Level-triggered: it looks at what the caches have, whatever happened, and writes only what differs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from labwright_controller import catalogue, claims, sentences
from labwright_controller.api import Api, ApiError, reference
from labwright_controller.builders.network import network_objects
from labwright_controller.builders.statefulset import CannotBuild, stateful_set
from labwright_controller.cache import Cache
from labwright_controller.differences import covers, mark, merge_patch, quantity
from labwright_controller.kinds import APPLIED, GROUP, OWNER_UID, VERSION, Key, Object
from labwright_controller.quotas import needed_limits
from labwright_controller.settings import Settings
from labwright_controller.status import Seen, notebook_status, restart_due

log = logging.getLogger(__name__)

RETRY_REFUSED = 30.0
LOOK_AGAIN_AT_CLAIM = 600.0


class Reconciler:
    """Reads `cache`, writes through `api`, and asks to be called `later` where time must pass."""

    def __init__(
        self,
        cache: Cache,
        api: Api,
        settings: Settings,
        later: Callable[[Key, float], None],
        stop_at: dict[Key, str],
    ) -> None:
        self._cache = cache
        self._api = api
        self._settings = settings
        self._later = later
        self._stop_at = stop_at
        self._settled: dict[tuple[str, Key], tuple[str, str]] = {}

    async def reconcile(self, key: Key, hurry: bool = False) -> None:
        """Bring one Notebook, or what is left of it, to where it should be.

        In a hurry, when others wait to be made, a first status that says nothing yet is left for
        later.
        """
        notebook = self._cache.get("Notebook", key)
        if notebook is None:
            self._settled = {at: done for at, done in self._settled.items() if at[1] != key}
            await self._release_claims(key)
            return
        problems: list[str] = []
        notes: list[str] = []
        image = None
        if "deletionTimestamp" not in notebook["metadata"]:
            image = await self._make_objects(key, notebook, problems, notes)
            pod = self._cache.get("Pod", key)
            if pod is not None and restart_due(notebook, pod):
                await self._api.delete({"apiVersion": "v1", "kind": "Pod", **pod})
        if hurry and not problems and "status" not in notebook:
            self._later(key, 0)
            return
        await self._write_status(key, notebook, image, problems, notes)
        if problems:
            self._later(key, RETRY_REFUSED)

    async def _make_objects(
        self, key: Key, notebook: Object, problems: list[str], notes: list[str]
    ) -> str | None:
        image = None
        name = notebook.get("spec", {}).get("image")
        if name:
            images = {key[1]: body for key, body in self._cache.all("NotebookImage").items()}
            resolved = catalogue.resolve(name, images)
            notes += resolved.notes
            image = resolved.image
            if image is None:
                problems.append(resolved.problem)
                return None
        for claim in claims.persistent_volume_claims(notebook):
            await self._make_claim(key, claim, problems)
        limits = needed_limits(
            self._cache.in_namespace("ResourceQuota", key[0]),
            self._cache.in_namespace("LimitRange", key[0]),
        )
        try:
            wanted = [stateful_set(notebook, self._settings, image, limits)]
        except CannotBuild as error:
            problems.append(str(error))
            return image
        for body in [*wanted, *network_objects(notebook, self._settings)]:
            try:
                await self._make(body)
            except ApiError as error:
                if not error.is_final:
                    raise
                problems.append(sentences.refusal(str(error)))
        return image

    async def _make(self, body: Object) -> None:
        kind, metadata = body["kind"], body["metadata"]
        key = (metadata["namespace"], metadata["name"])
        wanted = mark(body)
        digest = wanted["metadata"]["annotations"][APPLIED]
        live = self._cache.get(kind, key)
        # The API server may write a value in its own way: then it differs, but it is settled.
        if live is not None and (
            covers(live, wanted) or self._settled.get((kind, key)) == (digest, _stamp(live))
        ):
            return
        made = await self._api.apply(wanted)
        self._settled[kind, key] = (digest, _stamp(made))
        self._cache.put(kind, made)

    async def _make_claim(self, key: Key, wanted: Object, problems: list[str]) -> None:
        metadata = wanted["metadata"]
        name = (metadata["namespace"], metadata["name"])
        try:
            live = self._cache.get("PersistentVolumeClaim", name)
            if live is None:
                live = await self._create_claim(wanted)
            patch = self._claim_patch(key, live, wanted, problems)
            if patch:
                changed = await self._api.patch(wanted, patch)
                self._cache.put("PersistentVolumeClaim", changed)
        except ApiError as error:
            if not error.is_final:
                raise
            problems.append(f"Volume {metadata['name']}: {sentences.refusal(str(error))}")

    async def _create_claim(self, wanted: Object) -> Object:
        # Created, not applied: a claim of this name that is there already is somebody else's.
        try:
            made = await self._api.create(wanted)
        except ApiError as error:
            found = await self._api.get(wanted) if error.status == 409 else None
            if found is None:
                raise
            return found
        self._cache.put("PersistentVolumeClaim", made)
        return made

    def _claim_patch(self, key: Key, live: Object, wanted: Object, problems: list[str]) -> Object:
        """What to change of a claim of ours; nothing of one that is not, or is another's too."""
        owner = live["metadata"].get("annotations", {}).get(OWNER_UID)
        users = self._cache.claim_users(*_name(live)) - {key}
        others = (self._cache.get("Notebook", user) for user in users)
        if not owner or any(other and other["metadata"]["uid"] == owner for other in others):
            return {}
        patch: Object = {}
        annotations = wanted["metadata"]["annotations"]
        if not covers(live["metadata"].get("annotations"), annotations):
            patch["metadata"] = {"annotations": annotations}
        size = wanted["spec"]["resources"]["requests"]["storage"]
        has = live["spec"]["resources"]["requests"]["storage"]
        wants, now = quantity(size), quantity(has)
        if wants is not None and now is not None and wants > now:
            patch["spec"] = {"resources": {"requests": {"storage": size}}}
        elif wants is not None and now is not None and wants < now:
            name = live["metadata"]["name"]
            problems.append(f"Volume {name} has {has} and cannot be made smaller ({size}).")
        return patch

    async def _release_claims(self, key: Key) -> None:
        """Delete claims of a Notebook that is gone, if that was asked for and nobody uses them."""
        for claim in self._cache.claims_of(key):
            users = self._cache.claim_users(*_name(claim))
            if not claims.may_go(claim, [], bool(users)):
                continue
            if await self._is_alive(claim) or await self._is_mounted(key, claim):
                self._later(key, LOOK_AGAIN_AT_CLAIM)
                continue
            await self._api.delete({"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim})
            log.info("deleted claim %s/%s with its notebook", *_name(claim))

    async def _is_alive(self, claim: Object) -> bool:
        """Whether the claim's Notebook is there after all: no cache is trusted with data."""
        uid = claim["metadata"]["annotations"][OWNER_UID]
        where = reference("Notebook", f"{GROUP}/{VERSION}", claim["metadata"]["namespace"], "")
        return any(body["metadata"]["uid"] == uid for body in await self._api.list(where))

    async def _is_mounted(self, key: Key, claim: Object) -> bool:
        """Whether a pod other than the server's own mounts a claim."""
        namespace, name = _name(claim)
        pods = await self._api.list(reference("Pod", "v1", namespace, ""))
        return any(
            name in claims.used_claims(pod["spec"]) and pod["metadata"]["name"] != f"{key[1]}-0"
            for pod in pods
        )

    async def _write_status(
        self, key: Key, notebook: Object, image: str | None, problems: list[str], notes: list[str]
    ) -> None:
        created = notebook["metadata"]["creationTimestamp"]
        warnings = [
            event
            for event in self._cache.events_of(key)
            if event.get("type") == "Warning" and event.get("lastTimestamp", created) >= created
        ]
        seen = Seen(
            stateful_set=self._cache.get("StatefulSet", key),
            pod=self._cache.get("Pod", key),
            warnings=warnings,
            image=image,
            problems=problems,
            notes=notes,
            stop_at=self._stop_at.get(key),
        )
        patch = merge_patch(notebook.get("status", {}), notebook_status(notebook, seen))
        if not patch:
            return
        where = reference("Notebook", f"{GROUP}/{VERSION}", *_name(notebook))
        try:
            changed = await self._api.patch(where, {"status": patch}, "/status")
        except ApiError as error:
            # Deleted meanwhile: its event comes.
            if error.status != 404:
                raise
        else:
            self._cache.put("Notebook", changed)


def _name(body: Object) -> Key:
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _stamp(body: Object) -> str:
    metadata = body["metadata"]
    return str(metadata.get("generation") or metadata.get("resourceVersion"))
