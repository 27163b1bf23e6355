"""The webhooks: what the API server asks before it stores Notebooks and images.

The API server does not wait for a controller that is away (failurePolicy Ignore). Every replica
answers, so nothing is read from a cache that only the leader has.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import yaml
from aiohttp import web

from labwright_controller import admission, certificates
from labwright_controller.api import Api, ApiError, reference
from labwright_controller.kinds import MANAGER, Object
from labwright_controller.settings import Settings
from labwright_controller.watches import Watched, watched

log = logging.getLogger(__name__)

CONFIGURATIONS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
LOOK_EVERY = 60.0
RETRY_AFTER = 2.0


class Webhooks:
    """Answers, under a certificate that all replicas share in a Secret."""

    def __init__(self, settings: Settings, api: Api) -> None:
        self._settings = settings
        self._api = api
        self._trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._loaded = b""
        self._kinds = {resource.kind: resource for resource in watched(settings)}
        self.answered: dict[str, int] = {"allowed": 0, "refused": 0}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve, and keep the certificate known to the API server."""
        app = web.Application(client_max_size=2**24)
        app.add_routes(
            [
                web.post("/validate-notebooks", self._validate_notebook),
                web.post("/validate-images", self._validate_image),
                web.post("/default-notebooks", self._default_notebook),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        keeping = asyncio.create_task(self._keep(runner))
        try:
            yield
        finally:
            keeping.cancel()
            await runner.cleanup()

    async def _keep(self, runner: web.AppRunner) -> None:
        serves = False
        while True:
            try:
                await self._look_after_certificate()
                if not serves:
                    host, _, port = self._settings.webhooks.rpartition(":")
                    await web.TCPSite(runner, host, int(port), ssl_context=self._trust).start()
                    serves = True
                await self._tell_api_server()
                await asyncio.sleep(LOOK_EVERY)
            except (aiohttp.ClientError, TimeoutError, ApiError, OSError) as error:
                log.warning("webhooks wait: %s", error or type(error).__name__)
                await asyncio.sleep(RETRY_AFTER)

    async def _configurations(self) -> list[Object]:
        version, name = "admissionregistration.k8s.io/v1", self._settings.webhook_configuration
        found = [await self._api.get(reference(k, version, "", name)) for k in CONFIGURATIONS]
        return [body for body in found if body is not None]

    async def _look_after_certificate(self) -> None:
        hosts = sorted({host for body in await self._configurations() for host in _hosts(body)})
        if not hosts:
            raise OSError(f"no configuration {self._settings.webhook_configuration} names a host")
        where = reference("Secret", "v1", self._settings.namespace, f"{MANAGER}-webhooks")
        secret = await self._api.get(where)
        now = datetime.now(timezone.utc)
        if secret is None or not certificates.serves(_decoded(secret, "tls.crt"), hosts, now):
            certificate, key = certificates.make(hosts, now)
            data = {"tls.crt": _encoded(certificate), "tls.key": _encoded(key)}
            body = {**(secret or where), "type": "kubernetes.io/tls", "data": data}
            # Of two replicas that make one, the API server takes the first.
            secret = await (self._api.replace(body) if secret else self._api.create(body))
        certificate = _decoded(secret, "tls.crt")
        if certificate != self._loaded:
            with tempfile.NamedTemporaryFile() as file:
                Path(file.name).write_bytes(certificate + _decoded(secret, "tls.key"))
                self._trust.load_cert_chain(file.name)
            self._loaded = certificate

    async def _tell_api_server(self) -> None:
        bundle = _encoded(self._loaded)
        for body in await self._configurations():
            hooks = body.get("webhooks") or []
            if all(hook["clientConfig"].get("caBundle") == bundle for hook in hooks):
                continue
            for hook in hooks:
                hook["clientConfig"]["caBundle"] = bundle
            version = body["metadata"]["resourceVersion"]
            await self._api.patch(
                body, {"metadata": {"resourceVersion": version}, "webhooks": hooks}
            )

    async def _validate_notebook(self, request: web.Request) -> web.Response:
        asked = (await request.json())["request"]
        notebook, old = asked["object"], asked.get("oldObject") or {}
        # What is stored must stay changeable: it can be stopped whatever became of its image.
        if notebook.get("spec") == old.get("spec") or "deletionTimestamp" in notebook["metadata"]:
            return self._answer(asked, [])
        images = await self._images() if notebook.get("spec", {}).get("image") else {}
        return self._answer(asked, admission.notebook_problems(notebook, images))

    async def _validate_image(self, request: web.Request) -> web.Response:
        asked = (await request.json())["request"]
        images = await self._images()
        if asked["operation"] != "DELETE":
            return self._answer(asked, admission.image_problems(asked["object"], images))
        notebooks = await self._all("Notebook")
        problem = admission.removal_problem(asked["name"], images.values(), notebooks)
        return self._answer(asked, [problem] if problem else [])

    async def _default_notebook(self, request: web.Request) -> web.Response:
        asked = (await request.json())["request"]
        patch = admission.defaults(asked["object"], self._form())
        return self._answer(asked, [], patch)

    def _form(self) -> Object:
        path = self._settings.spawner_config
        if not path:
            return {}
        try:
            found = yaml.safe_load(Path(path).read_text()) or {}
        except (OSError, yaml.YAMLError) as error:
            # Mounted from a ConfigMap that need not be there.
            if not isinstance(error, FileNotFoundError):
                log.warning("%s cannot be read: %s", path, error)
            return {}
        return dict(found.get("spawnerFormDefaults") or {})

    async def _images(self) -> dict[str, Object]:
        return {body["metadata"]["name"]: body for body in await self._all("NotebookImage")}

    async def _all(self, kind: str) -> list[Object]:
        resource: Watched = self._kinds[kind]
        return [
            body
            for namespace in resource.namespaces(self._settings)
            async for page in self._api.pages(resource.collection(namespace))
            for body in page["items"]
        ]

    def _answer(
        self, asked: Object, problems: list[str], patch: list[Object] | None = None
    ) -> web.Response:
        self.answered["refused" if problems else "allowed"] += 1
        response: dict[str, Any] = {"uid": asked["uid"], "allowed": not problems}
        if problems:
            response["status"] = {"code": 422, "message": " ".join(problems)}
        if patch:
            text = _encoded(json.dumps(patch).encode())
            response.update(patchType="JSONPatch", patch=text)
        body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
        return web.json_response({**body, "response": response})


def _hosts(configuration: Object) -> set[str]:
    found = set()
    for hook in configuration.get("webhooks") or ():
        client = hook["clientConfig"]
        if "service" in client:
            found.add("{name}.{namespace}.svc".format(**client["service"]))
        else:
            found.add(urlsplit(client["url"]).hostname or "")
    return found


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(secret: Object, key: str) -> bytes:
    return base64.b64decode(secret.get("data", {}).get(key, ""))
