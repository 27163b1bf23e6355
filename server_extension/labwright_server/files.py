"""What a run left: logs, executed notebooks, artifacts."""

from __future__ import annotations

import codecs
from pathlib import Path
from tempfile import TemporaryFile
from zipfile import ZIP_DEFLATED, ZipFile

from labwright.runtime.values import META
from labwright.targets.local.record import FINAL, StepRecord
from labwright.targets.local.rundir import StepDir

from .models import LogChunk
from .refusal import not_found
from .reply import Reply
from .routes import NOTEBOOK_JSON, LogQuery, TurnQuery
from .runs import record_of
from .workbench import Workbench

# The page has its own rules in its head; these hold where it is opened by itself.
_PAGE = (
    "frame-ancestors 'self'; sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
)


async def show_source(workbench: Workbench, run_id: str) -> Reply:
    """The notebook as it was when the run began."""

    def find() -> Reply:
        place = record_of(workbench, run_id).dir / "source.ipynb"
        return _existing(place, f"run {run_id} kept no notebook", NOTEBOOK_JSON)

    return await workbench.work(find)


async def show_executed(workbench: Workbench, run_id: str, step: str, query: TurnQuery) -> Reply:
    """The notebook of a step, with its outputs."""

    def find() -> Reply:
        found = _step(workbench, run_id, step, query.iteration)
        return _existing(found.notebook, f"step {step!r} has no executed notebook", NOTEBOOK_JSON)

    return await workbench.work(find)


async def show_page(workbench: Workbench, run_id: str, step: str, query: TurnQuery) -> Reply:
    """The same as a page that runs nothing and asks for nothing."""

    def find() -> Reply:
        found = _step(workbench, run_id, step, query.iteration)
        page = StepDir(found.dir).artifact("labwright_html", found.name) if found.dir else None
        reply = _existing(page, f"step {step!r} has no page", "text/html; charset=utf-8")
        return Reply(reply.content, reply.media, policy=_PAGE)

    return await workbench.work(find)


async def download_file(workbench: Workbench, run_id: str, artifact: str) -> Reply:
    """A file of the run's folder, or a value that a step gave, to be saved."""

    def find() -> Reply:
        root = workbench.run_root(record_of(workbench, run_id).dir)
        place = root.place(artifact)
        kept = any(place.resolve().is_relative_to(store.resolve()) for store in root.stores)
        return _value(place) if kept and place.is_dir() else _file(root.file(artifact))

    return await workbench.work(find)


async def read_log(workbench: Workbench, run_id: str, step: str, query: LogQuery) -> LogChunk:
    """A piece of what a step printed."""

    def read() -> LogChunk:
        # The state comes first: a step that is over prints no more.
        found = _step(workbench, run_id, step, query.iteration)
        over = found.state in FINAL
        data, offset, last = b"", query.offset, True
        if found.dir is not None and StepDir(found.dir).log.is_file():
            data, offset, last = _piece(StepDir(found.dir).log, query.offset, query.limit)
        text, used = whole_text(data, final=over and last)
        return LogChunk(text=text, offset=offset, next=offset + used, end=over and last)

    return await workbench.work(read)


def whole_text(data: bytes, *, final: bool) -> tuple[str, int]:
    """The text of a piece of UTF-8, and how many of its bytes that took.

    A character that the piece cuts off is left for the next one.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final)
    return text, len(data) - len(decoder.getstate()[0])


def _file(place: Path) -> Reply:
    return Reply(place, name=place.name)


def _value(folder: Path) -> Reply:
    """A value is kept as a folder: mostly one file with a note of its type, else many."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    content = [file for file in files if file != folder / META]
    if len(content) == 1:
        return Reply(content[0], name=f"{folder.name}{content[0].suffix}")
    packed = TemporaryFile()  # noqa: SIM115 - the answer closes it
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder).as_posix())
    return Reply(packed, "application/zip", f"{folder.name}.zip")


def _piece(log: Path, offset: int, limit: int) -> tuple[bytes, int, bool]:
    """Bytes of a log, where they begin, and whether they reach its end."""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        # A step that is tried again begins its log anew.
        begin = file.seek(min(offset, size))
        data = file.read(limit)
        return data, begin, begin + len(data) >= size


def _step(workbench: Workbench, run_id: str, name: str, iteration: str | None) -> StepRecord:
    """A step of a run, or the turn of it that is asked for."""
    record = record_of(workbench, run_id)
    turns = [step for step in record.steps if step.name == name]
    if not turns:
        raise not_found(f"run {run_id} has no step {name!r}")
    if iteration is None:
        return turns[0]
    for step in turns:
        if str(step.iteration) == iteration:
            return step
    raise not_found(f"step {name!r} of run {run_id} has no turn {iteration!r}")


def _existing(place: Path | None, otherwise: str, media: str) -> Reply:
    if place is None or not place.is_file():
        raise not_found(otherwise)
    return Reply(place, media)
