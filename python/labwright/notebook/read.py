"""Notebook files: read as plain JSON, checked by hand, written atomically.

nbformat takes seconds to import, so only notebooks older than version 4 go through it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ..errors import LabwrightError
from .model import Cell, CellKind, Notebook
from .place import file_place

_KINDS = ("code", "markdown", "raw")
_LINED = ("application/javascript", "image/svg+xml")
_NOT_A_NOTEBOOK = "give the path of a Jupyter notebook (.ipynb)"


def read_notebook(path: str | os.PathLike[str]) -> Notebook:
    """The notebook at `path`; LabwrightError names the file and the place of anything wrong."""
    return parse_document(read_document(path), Path(path))


def read_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The notebook at `path` as nbformat 4 JSON, outputs and all; older ones are upgraded."""
    path = Path(path)
    document = _load_json(path)
    place = str(path)
    if not isinstance(document, dict):
        raise LabwrightError("not a notebook: no JSON object", where=place, hint=_NOT_A_NOTEBOOK)
    version = document.get("nbformat")
    if not isinstance(version, int) or isinstance(version, bool):
        raise LabwrightError(
            "not a notebook: it has no `nbformat` number", where=place, hint=_NOT_A_NOTEBOOK
        )
    if version > 4:
        raise LabwrightError(
            f"nbformat {version} is newer than any known (4)",
            where=place,
            hint="save it as nbformat 4",
        )
    return _upgrade(document, place) if version < 4 else document


def parse_document(document: Mapping[str, Any], path: Path | None = None) -> Notebook:
    """An nbformat 4 document as a Notebook; `path` is where it came from, if anywhere."""
    place = file_place(path)
    metadata = document.get("metadata", {})
    if not isinstance(metadata, dict):
        raise LabwrightError(
            f"`metadata` must be an object, not {_json_type(metadata)}", where=place
        )
    raw_cells = document.get("cells")
    if not isinstance(raw_cells, list):
        raise LabwrightError(
            "not a notebook: it has no list of `cells`", where=place, hint=_NOT_A_NOTEBOOK
        )
    ids = _cell_ids(raw_cells, place)
    cells = tuple(
        _parse_cell(raw, index, ids[index], f"{place}, cell {index} (id {ids[index]})")
        for index, raw in enumerate(raw_cells)
    )
    kernel = _object(metadata, "kernelspec", place)
    language = _object(metadata, "language_info", place).get("name") or kernel.get("language")
    return Notebook(
        path=path,
        cells=cells,
        metadata=metadata,
        language=_language(language),
        kernel_name=kernel.get("name") if isinstance(kernel.get("name"), str) else None,
    )


def write_notebook(path: str | os.PathLike[str], document: Mapping[str, Any]) -> None:
    """Write an nbformat 4 document as Jupyter does, atomically: a reader never sees half of it.

    A link is followed, and a file that is replaced keeps its mode.
    """
    target = Path(os.path.realpath(path))
    text = json.dumps(_split_lines(document), indent=1, ensure_ascii=False, sort_keys=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text + "\n", encoding="utf-8", newline="\n")
        if target.exists():
            part.chmod(target.stat().st_mode & 0o7777)
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise LabwrightError(
            f"cannot write the notebook: {error.strerror}", where=str(path)
        ) from None


def _load_json(path: Path) -> Any:
    place = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise LabwrightError("no such file", where=place, hint="check the path") from None
    except IsADirectoryError:
        raise LabwrightError("is a folder", where=place, hint=_NOT_A_NOTEBOOK) from None
    except UnicodeDecodeError as error:
        raise LabwrightError(
            f"not a notebook: byte {error.start} is not UTF-8", where=place, hint=_NOT_A_NOTEBOOK
        ) from None
    except OSError as error:
        raise LabwrightError(f"cannot read the file: {error.strerror}", where=place) from None
    if not text.strip():
        raise LabwrightError("not a notebook: the file is empty", where=place, hint=_NOT_A_NOTEBOOK)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise LabwrightError(
            f"not a notebook: not JSON at line {error.lineno}, column {error.colno}: {error.msg}",
            where=place,
            hint=_NOT_A_NOTEBOOK,
        ) from None
    except RecursionError:
        raise LabwrightError("not a notebook: JSON nested too deeply", where=place) from None


def _upgrade(document: dict[str, Any], place: str) -> dict[str, Any]:
    import nbformat

    upgrade: Any = nbformat.reads
    try:
        upgraded = upgrade(json.dumps(document), as_version=4)
        return cast("dict[str, Any]", json.loads(json.dumps(upgraded)))
    except Exception as error:  # nbformat raises whatever the shape of the old file leads to
        raise LabwrightError(
            f"an nbformat {document['nbformat']} notebook that cannot be upgraded:"
            f" {type(error).__name__}: {error}",
            where=place,
            hint="open it in Jupyter and save it again",
        ) from None


def _cell_ids(raw_cells: list[Any], place: str) -> list[str]:
    """An id for each cell, all different: the file's own first, made up where it has none."""
    own = [raw.get("id") if isinstance(raw, dict) else None for raw in raw_cells]
    for index, cell_id in enumerate(own):
        if cell_id is not None and not isinstance(cell_id, str):
            raise LabwrightError(
                f"`id` must be text, not {_json_type(cell_id)}", where=f"{place}, cell {index}"
            )
    taken = {cell_id for cell_id in own if cell_id}
    given: set[str] = set()
    ids: list[str] = []
    for index, cell_id in enumerate(own):
        if not cell_id or cell_id in given:
            cell_id = f"cell-{index}"
            while cell_id in taken:
                cell_id += "-x"
            taken.add(cell_id)
        given.add(cell_id)
        ids.append(cell_id)
    return ids


def _parse_cell(raw: Any, index: int, cell_id: str, place: str) -> Cell:
    if not isinstance(raw, dict):
        raise LabwrightError(f"a cell must be an object, not {_json_type(raw)}", where=place)
    kind = raw.get("cell_type")
    if kind not in _KINDS:
        raise LabwrightError(
            f"unknown `cell_type` {kind!r}", where=place, hint=f"one of {', '.join(_KINDS)}"
        )
    metadata = _object(raw, "metadata", place)
    tags = metadata.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise LabwrightError("`metadata.tags` must be a list of texts", where=place)
    return Cell(
        index=index,
        id=cell_id,
        kind=cast(CellKind, kind),
        source=_text(raw.get("source", ""), place),
        tags=tuple(tags),
        metadata=metadata,
    )


def _text(source: Any, place: str) -> str:
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    raise LabwrightError("`source` must be text or a list of texts", where=place)


def _object(parent: Mapping[str, Any], key: str, place: str) -> Mapping[str, Any]:
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise LabwrightError(f"`{key}` must be an object, not {_json_type(value)}", where=place)
    return value


def _language(name: Any) -> str:
    """The kernel's language; Python's several spellings are one, and no word about it is Python."""
    text = name.strip().lower() if isinstance(name, str) else ""
    return "python" if text in ("", "ipython", "python2", "python3") else text


def _json_type(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")


def _split_lines(document: Mapping[str, Any]) -> dict[str, Any]:
    """Texts as lists of lines, as Jupyter stores them, so that version control sees lines."""
    split = dict(document)
    if isinstance(split.get("cells"), list):
        split["cells"] = [_split_cell(cell) for cell in split["cells"]]
    return split


def _split_cell(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    split = dict(cell)
    if "source" in split:
        split["source"] = _lines(split["source"])
    if isinstance(split.get("attachments"), dict):
        split["attachments"] = {
            name: _split_bundle(bundle) for name, bundle in split["attachments"].items()
        }
    if isinstance(split.get("outputs"), list):
        split["outputs"] = [_split_output(output) for output in split["outputs"]]
    return split


def _split_output(output: Any) -> Any:
    if not isinstance(output, dict):
        return output
    split = dict(output)
    if "text" in split:
        split["text"] = _lines(split["text"])
    if "data" in split:
        split["data"] = _split_bundle(split["data"])
    return split


def _split_bundle(bundle: Any) -> Any:
    if not isinstance(bundle, dict):
        return bundle
    return {
        mime: _lines(value) if mime.startswith("text/") or mime in _LINED else value
        for mime, value in bundle.items()
    }


def _lines(value: Any) -> Any:
    return value.splitlines(keepends=True) if isinstance(value, str) else value
