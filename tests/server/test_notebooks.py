"""Notebooks are read as they stand in the editor."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from .conftest import Ask, notebook, step, told

TWO_STEPS = notebook(
    ("n = 3", {"tags": ["parameters"]}),
    ("x = list(range(n))", step("load")),
    ("total = sum(x)", {**step("add"), "labwright": {"retry": 2}}),
    "print(total)",
)


async def test_a_graph_of_what_is_not_saved(ask: Ask) -> None:
    found = await ask("POST", "notebooks/analyse", {"path": "new.ipynb", "content": TWO_STEPS})
    assert found.code == 200
    graph = told(found)["graph"]
    assert graph["name"] == "new"
    assert graph["parameters"] == [{"name": "n", "type": "int", "default": 3, "required": False}]
    assert [one["name"] for one in graph["steps"]] == ["load", "add"]
    assert graph["steps"][1]["inputs"] == [{"name": "x", "from": "load"}]
    assert graph["steps"][1]["settings"] == {"retry": 2}
    assert graph["steps"][1]["finally"] is False
    assert graph["cells"][3] == {
        "cell": 3, "id": "c3", "role": "step", "step": "add", "starts": False, "metrics": False,
    }  # fmt: skip


async def test_a_graph_of_the_file(ask: Ask, root: Path, repository: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "digits.ipynb").write_bytes(
        (repository / "examples" / "digits.ipynb").read_bytes()
    )
    found = told(await ask("POST", "notebooks/analyse", {"path": "sub/digits.ipynb"}))
    assert found["error"] is None
    assert "evaluate" in [one["name"] for one in found["graph"]["steps"]]


async def test_what_makes_no_sense_is_told_with_its_cell(ask: Ask) -> None:
    content = notebook("x = 1", ("y = x", {**step("a"), "labwright": {"retri": 1}}))
    found = await ask("POST", "notebooks/analyse", {"path": "new.ipynb", "content": content})
    assert found.code == 200
    analysis = told(found)
    assert analysis["graph"] is None
    assert analysis["error_cell"] == 1
    assert analysis["error"]["code"] == "bad-request"
    assert "did you mean 'retry'?" in analysis["error"]["message"]


async def test_suggestions(ask: Ask) -> None:
    content = notebook("import math", "# Load the data", "x = f()", "# Train", "y = x + 1")
    found = told(await ask("POST", "notebooks/suggest", {"path": "n.ipynb", "content": content}))
    assert found["suggestions"] == [
        {"cell": 0, "id": "c0", "tag": "imports"},
        {"cell": 2, "id": "c2", "tag": "step:load_the_data"},
        {"cell": 4, "id": "c4", "tag": "step:train"},
    ]


async def test_compiling(ask: Ask) -> None:
    found = told(await ask("POST", "notebooks/compile", {"path": "n.ipynb", "content": TWO_STEPS}))
    assert "schemaVersion: " in found["yaml"]
    assert "comp-add" in found["yaml"]


async def test_compiling_what_has_errors_says_so(ask: Ask) -> None:
    found = await ask("POST", "notebooks/compile", {"path": "n.ipynb", "content": notebook()})
    assert found.code == 400
    assert "no code that belongs to a step" in told(found)["message"]


async def test_a_preview_before_any_run(ask: Ask) -> None:
    body = {"path": "n.ipynb", "content": TWO_STEPS, "parameters": {"n": 4}}
    found = await ask("POST", "notebooks/preview", body)
    assert found.code == 200
    assert [(one["name"], one["state"]) for one in told(found)["steps"]] == [
        ("load", "new"),
        ("add", "new"),
    ]


@pytest.mark.parametrize("route", ["analyse", "suggest", "compile", "preview"])
@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("", "invalid", "body: Invalid JSON"),
        ("[]", "invalid", "body: "),
        ("{}", "invalid", "body.path: Field required"),
        ('{"path": 3}', "invalid", "body.path: "),
        ('{"path": "a.ipynb", "kontent": {}}', "invalid", "body.kontent: Extra inputs"),
        ('{"path": "a\\u0000.ipynb", "content": {}}', "bad-request", "not a possible path"),
    ],
)
async def test_bodies_that_are_wrong(
    ask: Ask, route: str, body: str, code: str, words: str
) -> None:
    found = await ask("POST", f"notebooks/{route}", body)
    assert found.code == 400
    error = told(found)
    assert error["code"] == code
    assert words in error["message"]


async def test_a_slow_analysis_keeps_nobody_waiting(ask: Ask) -> None:
    """An analysis is worked on in a thread: what is asked meanwhile is answered meanwhile."""
    cells = [(f"x{n} = [{n}]\nfor i in range(3):\n    x{n}.append(i)", step(f"s{n}"))
             for n in range(150)]  # fmt: skip
    slow = json.dumps({"path": "slow.ipynb", "content": notebook(*cells)})
    started = time.perf_counter()
    working = asyncio.ensure_future(ask("POST", "notebooks/analyse", slow))
    await asyncio.sleep(0.01)
    waits = []
    while not working.done():
        asked = time.perf_counter()
        assert (await ask("GET", "schemas")).code == 200
        waits.append(time.perf_counter() - asked)
    took = time.perf_counter() - started
    assert (await working).code == 200
    assert not waits or min(waits) < max(0.5 * took, 0.2)
