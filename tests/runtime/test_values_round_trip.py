"""Every type a step passes comes back equal, of the same type, in the format of its kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .samples import DEFINITIONS, SAMPLES
from .steps import Done, cells, run

# Drawing from a generator or an iterator, or asking a default dictionary, changes it.
USED_UP = ["default_dict", "iterator", "generator", "random_state", "python_random"]

CHECK = """
def check(name, got, expression, condition):
    try:
        made = eval(expression)
        if type(got) is not type(made):
            return f"{type(got)} instead of {type(made)}"
        ok = eval(condition, {**globals(), "got": got, "made": made})
        return None if ok else f"{got!r} instead of {made!r}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
"""


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, dict[str, str | None]]:
    """All samples through one step boundary: the writing step, and what the reader found wrong."""
    folder = tmp_path_factory.mktemp("crossing")
    make = "\n".join(f"{name} = {made[0]}" for name, made in SAMPLES.items())
    setup = [{"cell": "d", "source": DEFINITIONS}]
    outputs = {name: name for name in SAMPLES}
    wrote = run(folder / "write", {"setup": setup, "cells": cells(make), "outputs": outputs})
    assert wrote.status == 0, wrote.stderr
    table = {name: [expression, check] for name, (expression, _, check) in SAMPLES.items()}
    compare = (
        f"{CHECK}\nimport json\nwrong = {{name: check(name, globals()[name], *how)"
        f" for name, how in {table!r}.items()}}\nprint(json.dumps(wrong))"
    )
    inputs: dict[str, Path | list[Path]] = {name: wrote.artifact(name) for name in SAMPLES}
    program = {"setup": setup, "cells": cells(compare), "guards": list(SAMPLES)}
    read = run(folder / "read", program, inputs=inputs)
    # Every sample was watched, and those that the checks use up were caught, no other.
    caught = [remark["message"].split()[3].rstrip(",") for remark in read.report["diagnostics"]]
    assert sorted(caught) == sorted(USED_UP), read.stderr
    return wrote, json.loads(read.text())


@pytest.mark.parametrize("name", SAMPLES)
def test_round_trip(name: str, crossed: tuple[Done, dict[str, str | None]]) -> None:
    wrote, wrong = crossed
    assert wrong[name] is None
    meta = json.loads((wrote.artifact(name) / "labwright.json").read_text())
    assert SAMPLES[name][1] in (meta["format"], "*")


def test_enough_types() -> None:
    assert len(SAMPLES) >= 45
