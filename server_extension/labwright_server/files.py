"""What a run left: logs, executed notebooks, artifacts."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

from labwright.runtime.values import META

from .models import LogChunk
from .reply import Reply, media_of
from .routes import NOTEBOOK_JSON, LogQuery, TargetQuery, TurnQuery
from .runs import target_of
from .workbench import Workbench

if TYPE_CHECKING:
    from labwright.targets.protocols import PipelineTarget

# The page has its own rules in its head; these hold where it is opened by itself.
_PAGE = (
    "frame-ancestors 'self'; sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
)


async def show_source(workbench: Workbench, run_id: str, query: TargetQuery) -> Reply:
    """The notebook as it was when the run began."""
    target = await target_of(workbench, query.target, run_id)
    return Reply(await target.source(run_id), NOTEBOOK_JSON)


async def show_executed(workbench: Workbench, run_id: str, step: str, query: TurnQuery) -> Reply:
    """The notebook of a step, with its outputs."""
    target = await target_of(workbench, query.target, run_id)
    return Reply(await target.notebook(run_id, step, query.iteration), NOTEBOOK_JSON)


async def show_page(workbench: Workbench, run_id: str, step: str, query: TurnQuery) -> Reply:
    """The same as a page that runs nothing and asks for nothing."""
    target = await target_of(workbench, query.target, run_id)
    page = await target.page(run_id, step, query.iteration)
    return Reply(page, "text/html; charset=utf-8", policy=_PAGE)


async def read_log(workbench: Workbench, run_id: str, step: str, query: LogQuery) -> LogChunk:
    """A piece of what a step printed. Who reads it is told what comes after."""
    target = await target_of(workbench, query.target, run_id)
    workbench.watching.read(target, run_id, step, query.iteration, begin=False)
    piece = LogChunk.model_validate(
        await target.log(run_id, step, query.iteration, offset=query.offset, limit=query.limit)
    )
    if not piece.end:
        workbench.watching.read(target, run_id, step, query.iteration)
    return piece


async def download_file(
    workbench: Workbench, run_id: str, artifact: str, query: TargetQuery
) -> Reply:
    """A file of the run, or a value that a step gave, to be saved."""
    target = await target_of(workbench, query.target, run_id)
    if target is workbench.targets.local:
        return await workbench.work(lambda: _here(workbench, run_id, artifact))
    return await _fetched(workbench, target, run_id, artifact)


def _here(workbench: Workbench, run_id: str, artifact: str) -> Reply:
    """A file of this machine, read from where it is."""
    root = workbench.run_root(workbench.store.dir(run_id).path)
    place = root.place(artifact)
    kept = any(place.resolve().is_relative_to(store.resolve()) for store in root.stores)
    if kept and place.is_dir():
        return _value(place, place.name)
    return Reply(root.file(artifact), name=place.name)


async def _fetched(
    workbench: Workbench, target: PipelineTarget, run_id: str, artifact: str
) -> Reply:
    """A value of another target, by way of a temporary folder."""
    name = PurePosixPath(artifact).name.lstrip(".") or "value"
    with TemporaryDirectory(prefix="labwright-") as folder:
        place = await target.fetch(run_id, artifact, Path(folder) / "value")

        def opened() -> Reply:
            reply = _value(place, name) if place.is_dir() else Reply(place, name=name)
            if isinstance(reply.content, Path):  # it is gone before it is sent
                file = reply.content.open("rb")
                return Reply(file, reply.media or media_of(reply.content), reply.name)
            return reply

        return await workbench.work(opened)


def _value(folder: Path, name: str) -> Reply:
    """A value is kept as a folder: mostly one file with a note of its type, else many."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    content = [file for file in files if file != folder / META]
    if len(content) == 1:
        return Reply(content[0], name=f"{name}{content[0].suffix}")
    packed = TemporaryFile()  # noqa: SIM115 - the answer closes it
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder).as_posix())
    return Reply(packed, "application/zip", f"{name}.zip")
