from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labwright.errors import LabwrightError
from labwright.notebook.read import (
    parse_document,
    read_document,
    read_notebook,
    write_notebook,
)

CELL = {"cell_type": "code", "id": "a", "source": ["x = 1\n", "y"], "metadata": {"tags": ["t"]}}


def save(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_reads_cells_tags_ids_and_kernel(tmp_path: Path) -> None:
    metadata = {"kernelspec": {"name": "py", "language": "python"}, "x": 1}
    cells = [CELL, {"cell_type": "markdown", "source": "# hi", "metadata": {}}]
    found = read_notebook(
        save(tmp_path / "n.ipynb", {"nbformat": 4, "metadata": metadata, "cells": cells})
    )
    assert [cell.id for cell in found.cells] == ["a", "cell-1"]
    assert found.cells[0].source == "x = 1\ny"
    assert found.cells[0].tags == ("t",)
    assert [cell.kind for cell in found.cells] == ["code", "markdown"]
    assert (found.language, found.kernel_name) == ("python", "py")
    assert found.metadata["x"] == 1
    assert found.path == tmp_path / "n.ipynb"


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({}, "python"),
        ({"language_info": {"name": "ipython"}}, "python"),
        ({"kernelspec": {"language": "R"}}, "r"),
        ({"language_info": {"name": "julia"}, "kernelspec": {"language": "python"}}, "julia"),
    ],
)
def test_language(metadata: dict[str, Any], language: str) -> None:
    assert parse_document({"metadata": metadata, "cells": []}).language == language


def test_ids_are_unique() -> None:
    cells = [{**CELL, "id": cell_id} for cell_id in ("a", "a", None, "cell-1", "")]
    ids = [cell.id for cell in parse_document({"cells": cells}).cells]
    assert ids == ["a", "cell-1-x", "cell-2", "cell-1", "cell-4"]


def test_byte_order_mark_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"nbformat": 4, "cells": []}).encode())
    assert read_notebook(path).cells == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("{", "not JSON at line 1, column 2"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "no JSON object"),
        ("{}", "no `nbformat` number"),
        ('{"nbformat": true}', "no `nbformat` number"),
        ('{"nbformat": 5}', "nbformat 5 is newer"),
        ('{"nbformat": 4}', "no list of `cells`"),
        ('{"nbformat": 4, "cells": {}}', "no list of `cells`"),
        ('{"nbformat": 4, "cells": [], "metadata": 3}', "`metadata` must be an object, not a num"),
        ('{"nbformat": 2, "worksheets": 3}', "cannot be upgraded"),
        ('{"nbformat": 4, "cells": [], "metadata": {"kernelspec": "x"}}', "`kernelspec` must be"),
        ('{"nbformat": 4, "cells": [3]}', "cell 0 (id cell-0): a cell must be an object"),
        ('{"nbformat": 4, "cells": [{"id": 3}]}', "cell 0: `id` must be text, not a number"),
        ('{"nbformat": 4, "cells": [{"id": "q"}]}', "cell 0 (id q): unknown `cell_type` None"),
        (
            '{"nbformat": 4, "cells": [{"cell_type": "heading"}]}',
            "unknown `cell_type` 'heading' (one of code, markdown, raw)",
        ),
        (
            '{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}',
            "cell 0 (id cell-0): `source` must be text",
        ),
        (
            '{"nbformat": 4, "cells": [{"cell_type": "code", "metadata": null}]}',
            "`metadata` must be an object, not null",
        ),
        (
            '{"nbformat": 4, "cells": [{"cell_type": "code", "metadata": {"tags": "x"}}]}',
            "`metadata.tags` must be a list of texts",
        ),
    ],
)
def test_malformed_notebooks(tmp_path: Path, content: str, message: str) -> None:
    path = save(tmp_path / "bad.ipynb", content)
    with pytest.raises(LabwrightError) as error:
        read_notebook(path)
    assert message in str(error.value)
    assert "bad.ipynb" in str(error.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(LabwrightError, match=r"missing\.ipynb: no such file"):
        read_notebook(tmp_path / "missing.ipynb")
    with pytest.raises(LabwrightError, match="is a folder"):
        read_notebook(tmp_path)
    with pytest.raises(LabwrightError, match="cannot read the file: Not a directory"):
        read_notebook(save(tmp_path / "file", "x") / "n.ipynb")
    (tmp_path / "latin.ipynb").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(LabwrightError, match="byte 7 is not UTF-8"):
        read_notebook(tmp_path / "latin.ipynb")


def test_older_formats_are_upgraded(tmp_path: Path) -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": ["Load"], "metadata": {}},
                    {
                        "cell_type": "code",
                        "language": "python",
                        "collapsed": False,
                        "input": ["x = 1"],
                        "outputs": [],
                        "metadata": {},
                    },
                ],
                "metadata": {},
            }
        ],
    }
    found = read_notebook(save(tmp_path / "old.ipynb", old))
    assert [(cell.kind, cell.source) for cell in found.cells] == [
        ("markdown", "## Load"),
        ("code", "x = 1"),
    ]


def test_written_as_nbformat_writes(tmp_path: Path) -> None:
    import nbformat

    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"b": 1, "a": "é"},
        "cells": [
            {
                "cell_type": "code",
                "id": "c",
                "metadata": {},
                "source": "x = 1\n\ny\n",
                "execution_count": 1,
                "outputs": [
                    {"output_type": "stream", "name": "stdout", "text": "a\nb"},
                    {
                        "output_type": "display_data",
                        "metadata": {},
                        "data": {
                            "text/plain": "a\nb",
                            "image/png": "aGk=\n",
                            "application/json": {"k": "a\nb"},
                            "application/x.v2+json": "a\nb",
                        },
                    },
                    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a\nb"]},
                ],
            },
            {
                "cell_type": "markdown",
                "id": "m",
                "metadata": {},
                "source": "",
                "attachments": {"i.svg": {"image/svg+xml": "<svg>\n</svg>"}},
            },
        ],
    }
    write_notebook(tmp_path / "ours.ipynb", document)
    to_node: Any = nbformat.from_dict
    nbformat.write(to_node(document), tmp_path / "theirs.ipynb")
    assert (tmp_path / "ours.ipynb").read_bytes() == (tmp_path / "theirs.ipynb").read_bytes()


def test_writing_keeps_mode_and_links_and_leaves_nothing_behind(tmp_path: Path) -> None:
    target = save(tmp_path / "real.ipynb", "old")
    target.chmod(0o640)
    link = tmp_path / "link.ipynb"
    link.symlink_to(target)
    write_notebook(link, {"nbformat": 4, "cells": []})
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert read_document(target) == {"nbformat": 4, "cells": []}
    assert sorted(os.listdir(tmp_path)) == ["link.ipynb", "real.ipynb"]


def test_writing_where_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(LabwrightError, match="cannot write the notebook: No such file"):
        write_notebook(tmp_path / "none" / "n.ipynb", {})


_texts = st.text(st.characters(codec="utf-8"), max_size=40)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
_cells = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "markdown", "raw"]),
        "id": st.uuids().map(str),
        "source": _texts,
        "metadata": st.dictionaries(_texts.filter(lambda key: key != "tags"), _json, max_size=2),
    },
    optional={
        "outputs": st.lists(
            st.fixed_dictionaries(
                {"output_type": st.just("stream"), "name": st.just("stdout"), "text": _texts}
            ),
            max_size=2,
        )
    },
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cells=st.lists(_cells, max_size=4), extra=st.dictionaries(st.just("x"), _json))
def test_what_is_written_reads_the_same(
    tmp_path: Path, cells: list[dict[str, Any]], extra: dict[str, Any]
) -> None:
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": extra, "cells": cells}
    path = tmp_path / "n.ipynb"
    write_notebook(path, document)
    again = read_notebook(path)
    assert again.cells == parse_document(document).cells
    assert again.metadata == extra
    first = path.read_bytes()
    write_notebook(path, read_document(path))
    assert path.read_bytes() == first
    texts = [output["text"] for cell in cells for output in cell.get("outputs", [])]
    stored = read_document(path)["cells"]
    assert texts == ["".join(o["text"]) for cell in stored for o in cell.get("outputs", [])]


def test_reading_a_notebook_imports_nothing_heavy() -> None:
    heavy = {"nbformat", "pydantic", "IPython", "papermill", "jsonschema", "yaml"}
    code = (
        "import sys\n"
        "from labwright.notebook.read import parse_document\n"
        "from labwright.notebook.plan import read_plan\n"
        "source = '%%step a --gpu 1\\n%matplotlib inline'\n"
        "cells = [{'cell_type': 'code', 'source': source}, {'cell_type': 'code',"
        " 'source': 'x = 1\\n%time y = 2', 'metadata': {'tags': ['parameters']}}]\n"
        "plan = read_plan(parse_document({'cells': cells}))\n"
        "assert plan.steps[0].settings.resources.gpu.count == 1\n"
        "assert plan.parameters[0].name == 'x'\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
