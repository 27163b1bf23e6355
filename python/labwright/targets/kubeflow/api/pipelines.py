"""Pipelines and their versions, made by name or by upload."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from ...errors import NotFound, Unsuitable
from ..models import Page, Pipeline, PipelineVersion
from .base import Predicate, Resource, Wish, pages, segment, without_empty

LARGEST_UPLOAD = 32 << 20
LONGEST_PIPELINE, LONGEST_VERSION = 128, 127


class Pipelines(Resource):
    async def page(self, wish: Wish | None = None) -> Page[Pipeline]:
        return await self._page("/pipelines", "list pipelines", "pipelines", Pipeline.of, wish)

    def all(self, wish: Wish | None = None) -> AsyncIterator[Pipeline]:
        wish = wish or Wish(size=200)
        return pages(lambda token: self.page(replace(wish, token=token)))

    async def get(self, pipeline_id: str) -> Pipeline:
        path = f"/pipelines/{segment(pipeline_id, 'pipeline')}"
        return Pipeline.of(await self._json("GET", path, f"get pipeline {pipeline_id}"))

    async def named(self, name: str, namespace: str = "") -> Pipeline | None:
        """The pipeline of this name, or None."""
        path = f"/pipelines/names/{segment(name, 'pipeline')}"
        query = {"namespace": namespace} if namespace else None
        try:
            return Pipeline.of(
                await self._json("GET", path, f"look for pipeline {name!r}", params=query)
            )
        except NotFound:
            return None

    async def create(
        self,
        name: str,
        *,
        display_name: str = "",
        description: str = "",
        namespace: str = "",
    ) -> Pipeline:
        """Make a pipeline without versions. One of this name is a `Conflict`."""
        _check_name(name, LONGEST_PIPELINE, "pipeline")
        body = without_empty(
            {
                "name": name,
                "display_name": display_name or name,
                "description": description,
                "namespace": namespace,
            }
        )

        async def create() -> Pipeline:
            what = f"create pipeline {name!r}"
            return Pipeline.of(await self._json("POST", "/pipelines", what, json=body))

        return await self._once(create, lambda: self.named(name, namespace))

    async def update(self, pipeline_id: str, **fields: Any) -> Pipeline:
        """Change `display_name`, `description` or `tags`."""
        path = f"/pipelines/{segment(pipeline_id, 'pipeline')}"
        what = f"change pipeline {pipeline_id}"
        return Pipeline.of(await self._json("PATCH", path, what, json=fields, repeatable=True))

    async def delete(self, pipeline_id: str, *, cascade: bool = False) -> None:
        """Delete a pipeline; with `cascade` its versions, too, without which it must have none."""
        path = f"/pipelines/{segment(pipeline_id, 'pipeline')}"
        query = {"cascade": "true"} if cascade else None
        await self._json("DELETE", path, f"delete pipeline {pipeline_id}", params=query)

    async def upload(
        self,
        name: str,
        content: bytes,
        *,
        display_name: str = "",
        description: str = "",
        namespace: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> Pipeline:
        """Make a pipeline of an IR file; its first version has its name."""
        _check_name(name, LONGEST_PIPELINE, "pipeline")
        query = _about(name, display_name, description, tags)
        query |= {"namespace": namespace} if namespace else {}

        async def create() -> Pipeline:
            what = f"upload pipeline {name!r}"
            files = {"uploadfile": (_file(name), _fits(content), "application/yaml")}
            path = "/pipelines/upload"
            return Pipeline.of(await self._json("POST", path, what, params=query, files=files))

        return await self._once(create, lambda: self.named(name, namespace))


class Versions(Resource):
    async def page(self, pipeline_id: str, wish: Wish | None = None) -> Page[PipelineVersion]:
        path = f"/pipelines/{segment(pipeline_id, 'pipeline')}/versions"
        what, key = f"list versions of pipeline {pipeline_id}", "pipeline_versions"
        return await self._page(path, what, key, PipelineVersion.of, wish)

    def all(self, pipeline_id: str, wish: Wish | None = None) -> AsyncIterator[PipelineVersion]:
        wish = wish or Wish(size=200)
        return pages(lambda token: self.page(pipeline_id, replace(wish, token=token)))

    async def get(self, pipeline_id: str, version_id: str) -> PipelineVersion:
        path = _version(pipeline_id, version_id)
        return PipelineVersion.of(await self._json("GET", path, f"get version {version_id}"))

    async def named(self, pipeline_id: str, name: str) -> PipelineVersion | None:
        """The version of this name, or None."""
        wish = Wish(where=(Predicate("name", name),), size=1)
        found = await self.page(pipeline_id, wish)
        return found.items[0] if found.items else None

    async def update(self, pipeline_id: str, version_id: str, **fields: Any) -> PipelineVersion:
        """Change `display_name`, `description` or `tags`."""
        path, what = _version(pipeline_id, version_id), f"change version {version_id}"
        changed = await self._json("PATCH", path, what, json=fields, repeatable=True)
        return PipelineVersion.of(changed)

    async def delete(self, pipeline_id: str, version_id: str) -> None:
        path = _version(pipeline_id, version_id)
        await self._json("DELETE", path, f"delete version {version_id}")

    async def upload(
        self,
        pipeline_id: str,
        name: str,
        content: bytes,
        *,
        display_name: str = "",
        description: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> PipelineVersion:
        """Make a version of an IR file. One of this name is a `Conflict`."""
        _check_name(name, LONGEST_VERSION, "version")
        query = {"pipelineid": pipeline_id, **_about(name, display_name, description, tags)}

        async def create() -> PipelineVersion:
            path, what = "/pipelines/upload_version", f"upload version {name!r}"
            files = {"uploadfile": (_file(name), _fits(content), "application/yaml")}
            made = await self._json("POST", path, what, params=query, files=files)
            return PipelineVersion.of(made)

        return await self._once(create, lambda: self.named(pipeline_id, name))


def _version(pipeline_id: str, version_id: str) -> str:
    pipeline = segment(pipeline_id, "pipeline")
    return f"/pipelines/{pipeline}/versions/{segment(version_id, 'version')}"


def _about(
    name: str, display_name: str, description: str, tags: Mapping[str, str] | None
) -> dict[str, str]:
    return without_empty(
        {
            "name": name,
            "display_name": display_name or name,
            "description": description,
            "tags": json.dumps(dict(tags)) if tags else "",
        }
    )


def _file(name: str) -> str:
    """The server goes by the name's ending; what else is in it is of no account."""
    return f"{''.join(one if one.isalnum() else '-' for one in name)[:64]}.yaml"


def _fits(content: bytes) -> bytes:
    if len(content) > LARGEST_UPLOAD:
        size = f"{len(content) / (1 << 20):.1f} MiB"
        raise Unsuitable(
            f"the compiled pipeline has {size}; KFP takes at most 32 MiB",
            hint="keep large data out of the notebook's code: read it from a file or volume",
        )
    return content


def _check_name(name: str, longest: int, what: str) -> None:
    if not name or len(name) > longest:
        raise Unsuitable(f"a {what}'s name has 1 to {longest} characters, not {len(name)}")
