# ruff: noqa: E501
"""One step from its command: what it binds, runs, writes and says, when it works and when not."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from .steps import Done, cells, command, run


def outputs(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def test_a_step_and_the_next(tmp_path: Path) -> None:
    first = run(
        tmp_path / "first",
        {
            "parameters": {"rate": "NUMBER_DOUBLE", "epochs": "NUMBER_INTEGER"},
            "cells": cells("print('training')\nmodel = {'rate': rate, 'epochs': epochs}", "model"),
            "outputs": outputs("model"),
        },
        {"rate": 1, "epochs": 3.0},
    )
    assert first.status == 0, first.stderr
    assert first.stdout == "training\n"
    assert first.text() == "{'rate': 1.0, 'epochs': 3}"
    assert first.report["state"] == "SUCCEEDED"
    about = first.results["artifacts"]["model"]["artifacts"][0]["metadata"]
    assert about["type"] == "dict"
    assert about["format"] == "json"
    assert about["shape"] == [2]
    assert "epochs" in about["preview"]
    second = run(
        tmp_path / "second",
        {"cells": cells("model['rate'] * 2")},
        inputs={"model": first.artifact("model")},
    )
    assert second.text() == "2.0"


def test_the_executed_notebook_keeps_ids_and_tags(tmp_path: Path) -> None:
    import nbformat

    program = {
        "kernel": {"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}},
        "parameters": ["a"],
        "cells": [{"id": "one", "source": "a\n", "tags": ["step:x"]}, {"id": "two", "source": "1"}],
    }
    done = run(tmp_path, program, {"a": "it's"})
    notebook = nbformat.reads(done.artifact("labwright_notebook").read_text(), as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells] == ["labwright-parameters", "one", "two"]
    assert notebook.cells[0].source == 'a = "it\'s"'
    assert notebook.cells[1].metadata.tags == ["step:x"]
    assert notebook.cells[1].execution_count == 1
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.labwright == {"notebook": "n.ipynb", "pipeline": "p", "step": "step"}


def test_the_first_error_stops_the_step(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        {
            "cells": cells("x = 1", "print('here')\nx / 0", "print('never')"),
            "outputs": outputs("x"),
        },
    )
    assert done.status == 1
    error = done.report["error"]
    assert (error["cell"], error["ename"]) == ("c1", "ZeroDivisionError")
    assert "----> 2 x / 0" in error["traceback"]
    assert "\x1b" not in error["traceback"]
    _, second, third = done.notebook["cells"]
    assert [output["output_type"] for output in second["outputs"]] == ["stream", "error"]
    assert third["execution_count"] is None
    assert not (tmp_path / "executor_output.json").exists()
    assert "ZeroDivisionError: division by zero" in done.stderr


@pytest.mark.parametrize("source", ["import sys; sys.exit(0)", "raise SystemExit('bye')", "exit()"])
def test_leaving_early_is_not_success(tmp_path: Path, source: str) -> None:
    done = run(tmp_path, {"cells": cells(source, "x = 1"), "outputs": outputs("x")})
    assert done.status == 1
    assert done.report["error"]["ename"] == "SystemExit"
    assert done.report["error"]["cell"] == "c0"


def test_a_killed_step_leaves_its_notebook(tmp_path: Path) -> None:
    program = {"cells": cells("print('kept')", "import os; os.kill(os.getpid(), 9)")}
    done = run(tmp_path, program)
    assert done.status == -signal.SIGKILL
    assert not (tmp_path / "labwright_report.json").exists()
    assert [cell["id"] for cell in done.notebook["cells"]] == ["c0", "c1"]


def _start(folder: Path, program: dict[str, Any]) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    started = subprocess.Popen(
        command(folder, program),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


@pytest.mark.parametrize(
    "source",
    [
        "import time\nprint('ready')\ntry:\n    time.sleep(60)\nexcept Exception:\n    pass",
        "import time\nprint('ready')\nfor _ in range(600):\n    try:\n        time.sleep(.1)\n"
        "    except BaseException:\n        pass",
    ],
    ids=["sleeping", "deaf"],
)
def test_sigterm_leaves_notebook_and_report(tmp_path: Path, source: str) -> None:
    started = _start(tmp_path, {"cells": cells("1", source)})
    started.send_signal(signal.SIGTERM)
    _, stderr = started.communicate(timeout=30)
    done = Done(tmp_path, started.returncode, "", stderr)
    assert done.status == 143
    assert done.report["error"]["ename"] == "Terminated"
    assert done.report["error"]["cell"] == "c1"
    assert done.notebook["cells"][0]["execution_count"] == 1
    assert "FAILED" in done.page


def test_time_limit(tmp_path: Path) -> None:
    started = time.monotonic()
    done = run(tmp_path, {"timeout": 1, "cells": cells("import time\nwhile True: time.sleep(.01)")})
    assert time.monotonic() - started < 20
    assert done.status == 1
    assert done.report["error"]["ename"] == "TimedOut"
    assert "limit of 1 s" in done.report["error"]["evalue"]


def test_what_cannot_be_saved(tmp_path: Path) -> None:
    program = {"cells": cells("numbers = (i for i in range(3))"), "outputs": outputs("numbers")}
    done = run(tmp_path, program)
    assert done.status == 1
    assert "numbers" in done.report["error"]["evalue"]
    assert "generator" in done.report["error"]["evalue"]


def test_a_full_disk(tmp_path: Path) -> None:
    source = "import numpy as np\nx = np.zeros(1 << 20)"
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
    program = {"cells": cells(source, limit), "outputs": outputs("x")}
    done = run(tmp_path, program)
    assert done.status == 1
    assert done.report["state"] == "FAILED"
    assert done.report["error"]["ename"] == "OSError"


def test_replayed_code_shows_nothing(tmp_path: Path) -> None:
    setup = [
        {"cell": "s", "source": "import math\nprint('noise')\nTEN = 10"},
        {"cell": "s", "source": "import not_a_library_at_all", "optional": True},
    ]
    late = [{"cell": "s", "source": "twice = [v * TEN for v in values]"}]
    values = run(tmp_path / "a", {"cells": cells("values = [1]"), "outputs": outputs("values")})
    done = run(
        tmp_path / "b",
        {"setup": setup, "late_setup": late, "cells": cells("twice")},
        inputs={"values": values.artifact("values")},
    )
    assert done.stdout == ""
    assert done.text() == "[10]"
    assert done.notebook["cells"][0]["execution_count"] == 1


def test_a_failing_replay_names_its_cell(tmp_path: Path) -> None:
    done = run(
        tmp_path, {"setup": [{"cell": "imp", "source": "import nope_x"}], "cells": cells("1")}
    )
    assert done.status == 1
    assert done.report["error"]["cell"] == "imp"
    assert done.report["error"]["ename"] == "ModuleNotFoundError"


def test_hidden_state_travels(tmp_path: Path) -> None:
    draw = "import random, numpy as np\n"
    state = {"python.random": "state_python_random", "numpy.random": "state_numpy_random"}
    first = run(
        tmp_path / "a",
        {
            "cells": cells(draw + "random.seed(0); np.random.seed(0)", "random.random()"),
            "outputs": state,
        },
    )
    assert first.status == 0, first.stderr
    setup = [{"cell": "s", "source": draw}]
    program = {
        "setup": setup,
        "inputs": state,
        "cells": cells("random.random(), float(np.random.rand())"),
    }
    inputs: dict[str, Path | list[Path]] = {n: first.artifact(n) for n in state.values()}
    got = run(tmp_path / "b", program, inputs=inputs)
    import random

    import numpy

    random.seed(0)
    random.random()
    numpy.random.seed(0)
    assert got.text() == repr((random.random(), float(numpy.random.rand())))


def test_a_condition_decided_inside(tmp_path: Path) -> None:
    first = run(tmp_path / "a", {"cells": cells("x = [1]; y = 0.2"), "outputs": outputs("x", "y")})
    program = {
        "soft_when": "y > 0.5",
        "soft_inputs": ["y"],
        "cells": cells("x = 'changed'; z = 1"),
        "outputs": outputs("x", "z"),
    }
    inputs: dict[str, Path | list[Path]] = {n: first.artifact(n) for n in ("x", "y")}
    skipped = run(tmp_path / "b", program, inputs=inputs)
    assert skipped.status == 0
    assert skipped.report["state"] == "SKIPPED"
    last = run(
        tmp_path / "c",
        {"cells": cells("x, 'z' in globals()")},
        inputs={n: skipped.artifact(n) for n in ("x", "z")},
    )
    assert last.text() == "([1], False)"
    again = run(tmp_path / "d", {**program, "soft_when": "y < 0.5"}, inputs=inputs)
    assert again.report["state"] == "SUCCEEDED"


def test_collected_values_keep_their_order(tmp_path: Path) -> None:
    folders = []
    for depth in range(3):
        program = {
            "loop_variable": "depth",
            "cells": cells("score = depth * 10\nkept = [depth]\nalso = kept"),
            "outputs": outputs("score", "kept", "also"),
        }
        folders.append(run(tmp_path / str(depth), program, {"labwright_item": depth}))
    inputs: dict[str, Path | list[Path]] = {
        name: [each.artifact(name) for each in folders] for name in ("score", "kept", "also")
    }
    program = {
        "collected": ["score", "kept", "also"],
        "cells": cells("score, [k is a for k, a in zip(kept, also)], kept[0] is kept[1]"),
    }
    assert run(tmp_path / "all", program, inputs=inputs).text() == (
        "([0, 10, 20], [True, True, True], False)"
    )


def test_values_as_parameters_and_metrics(tmp_path: Path) -> None:
    source = (
        "import numpy as np\naccuracy = np.float64(0.9); n = np.int64(3); name = 'a'; ok = np.True_"
        "\ndepths = [np.int64(1), 2]; bad = float('nan'); table = [1]"
    )
    values = {
        "accuracy": ["accuracy__value", "NUMBER_DOUBLE"],
        "n": ["n__value", "NUMBER_INTEGER"],
        "name": ["name__value", "STRING"],
        "ok": ["ok__value", "BOOLEAN"],
        "depths": ["depths__value", "LIST"],
    }
    program = {
        "cells": cells(source),
        "values": values,
        "metrics": ["accuracy", "n", "bad", "table", "absent"],
    }
    done = run(tmp_path, program)
    assert done.status == 0, done.stderr
    assert done.results["parameterValues"] == {
        "accuracy__value": 0.9,
        "n__value": 3,
        "name__value": "a",
        "ok__value": True,
        "depths__value": [1, 2],
    }
    assert (tmp_path / "values" / "name__value").read_text() == "a"
    assert done.report["metrics"] == {"accuracy": 0.9, "n": 3, "bad": "nan"}
    listed = done.results["artifacts"]["labwright_metrics"]["artifacts"][0]["metadata"]
    assert listed["accuracy"] == 0.9


def test_a_value_of_the_wrong_type_for_a_condition(tmp_path: Path) -> None:
    values = {"accuracy": ["accuracy__value", "NUMBER_DOUBLE"]}
    done = run(tmp_path / "a", {"cells": cells("accuracy = 'high'"), "values": values})
    assert done.status == 1
    assert "accuracy" in done.report["error"]["evalue"]
    done = run(tmp_path / "b", {"cells": cells("other = 1"), "values": values})
    assert "has no value" in done.report["error"]["evalue"]


MUTATIONS = {
    "appended": ("x = [1]", "x.append(2)", True),
    "read": ("x = [1]", "len(x), sorted(x), x == [1]", False),
    "nested": ("x = {'a': [1]}", "x['a'][0] = 5", True),
    "reordered": ("x = {'a': 1, 'b': 2}", "x['a'] = x.pop('a')", True),
    "rebound": ("x = [1]", "x = [2]", False),
    "array": ("import numpy as np\nx = np.arange(300_000.0)", "x[7] += 1", True),
    "array_read": ("import numpy as np\nx = np.arange(300_000.0)", "x.sum(), x[::2].mean()", False),
    "array_same": ("import numpy as np\nx = np.arange(300_000.0)", "x[7] = x[7]", False),
    "frame": ("import pandas as pd\nx = pd.DataFrame({'a': [1, 2]})", "x['b'] = 1", True),
    "frame_cell": (
        "import pandas as pd\nx = pd.DataFrame({'a': [1, 2]})",
        "x.loc[0, 'a'] = 9",
        True,
    ),
    "frame_text": (
        "import pandas as pd\nx = pd.DataFrame({'a': ['p', 'q']})",
        "x.loc[0, 'a'] = 'z'",
        True,
    ),
    "frame_read": (
        "import pandas as pd\nx = pd.DataFrame({'a': [1, 2], 'b': ['p', 'q']})",
        "x.a.sum(); x.groupby('b').a.mean(); x.iloc[0]; x.sort_values('a'); x.index.is_unique; x.describe()",
        False,
    ),
    "frame_attrs": (
        "import pandas as pd\nx = pd.DataFrame({'a': [1, 2]})",
        "x.attrs['u'] = 1",
        True,
    ),
    "model": (
        "from sklearn.neighbors import KNeighborsClassifier\nx = KNeighborsClassifier(1).fit([[0], [1]], [0, 1])",
        "x.predict([[0]]); x.score([[0]], [0]); repr(x); x.get_params(); x.kneighbors([[0]])",
        False,
    ),
    "model_fitted": (
        "from sklearn.linear_model import LinearRegression\nx = LinearRegression().fit([[0], [1]], [0, 1])",
        "x.fit([[0], [1]], [0, 5])",
        True,
    ),
    "booster": (
        "import xgboost\nx = xgboost.XGBClassifier(n_estimators=2).fit([[0], [1]], [0, 1])",
        "x.predict([[0]]); x.feature_importances_",
        False,
    ),
    "set": ("x = {'a', 'b', 'c'}", "sorted(x); 'a' in x; set(x)", False),
    "set_added": ("x = {'a', 'b', 'c'}", "x.add('d')", True),
    "iterated": ("x = iter([1, 2])", "next(x)", True),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_change_the_analysis_missed(tmp_path: Path, name: str) -> None:
    made, touched, changes = MUTATIONS[name]
    first = run(tmp_path / "a", {"cells": cells(made), "outputs": outputs("x")})
    program = {"cells": cells("1", touched), "guards": ["x"]}
    second = run(tmp_path / "b", program, inputs={"x": first.artifact("x")})
    remarks = second.report["diagnostics"]
    if not changes:
        assert second.status == 0, second.stderr
        assert remarks == []
        return
    assert second.status == 1
    assert [(remark["code"], remark["cell"]) for remark in remarks] == [("missed-mutation", "c1")]
    assert "x = x" in remarks[0]["message"]
    assert "'step'" in remarks[0]["message"]


def test_a_change_through_a_shared_object(tmp_path: Path) -> None:
    first = run(tmp_path / "a", {"cells": cells("x = []; y = [x]"), "outputs": outputs("x", "y")})
    program = {"cells": cells("x.append(1)"), "outputs": outputs("x"), "guards": ["y"]}
    inputs: dict[str, Path | list[Path]] = {n: first.artifact(n) for n in ("x", "y")}
    second = run(tmp_path / "b", program, inputs=inputs)
    assert second.status == 1
    assert second.report["diagnostics"][0]["code"] == "shared-object-split"


CACHES = """
import functools
class Model:
    def __init__(self):
        self.n = 3
    @functools.cached_property
    def table(self):
        return list(range(self.n))
class Node:
    def __init__(self):
        self.me = self
"""


def test_caches_and_cycles_of_own_classes(tmp_path: Path) -> None:
    setup = [{"cell": "d", "source": CACHES}]
    made = cells("x = Model(); x.node = Node()")
    first = run(tmp_path / "a", {"setup": setup, "cells": made, "outputs": outputs("x")})
    program = {"setup": setup, "cells": cells("x.table"), "guards": ["x"]}
    assert run(tmp_path / "b", program, inputs={"x": first.artifact("x")}).status == 0
    program = {"setup": setup, "cells": cells("x.node.me.new = 1"), "guards": ["x"]}
    assert run(tmp_path / "c", program, inputs={"x": first.artifact("x")}).status == 1


def test_functions_run_in_the_loading_step(tmp_path: Path) -> None:
    source = (
        "rate = 2\ndef scale(v): return v * rate\nclass Keeper:\n    def get(self): return scale(3)\n"
        "keeper = Keeper()\npick = lambda v: scale(v) + 1\n"
        "def counter():\n    n = 0\n    def step():\n        nonlocal n\n        n += 1\n        return n\n"
        "    return step\ncount = counter(); count()"
    )
    names = ("keeper", "pick", "count")
    first = run(tmp_path / "a", {"cells": cells(source), "outputs": outputs(*names)})
    inputs: dict[str, Path | list[Path]] = {name: first.artifact(name) for name in names}
    use = cells("keeper.get(), pick(1), count()")
    replayed = {"setup": [{"cell": "d", "source": source.partition("keeper =")[0]}], "cells": use}
    assert run(tmp_path / "b", replayed, inputs=inputs).text() == "(6, 3, 2)"
    rebound = {**replayed, "late_setup": [{"cell": "d", "source": "rate = 10"}]}
    assert run(tmp_path / "c", rebound, inputs=inputs).text() == "(30, 11, 2)"
    alone = {"cells": use}  # nothing replayed: the definitions came along
    assert run(tmp_path / "d", alone, inputs=inputs).text() == "(6, 3, 2)"


def test_a_class_carries_its_data(tmp_path: Path) -> None:
    setup = [
        {
            "cell": "d",
            "source": "class Log:\n    lines = []\n    count = 0\ndef f(x, seen=[]):\n    seen.append(x); return seen",
        }
    ]
    first = run(
        tmp_path / "a",
        {
            "setup": setup,
            "cells": cells("Log.lines.append(1); Log.count += 1; one = Log(); f(5); f.tag = 'x'"),
            "outputs": outputs("Log", "one", "f"),
        },
    )
    assert first.status == 0, first.stderr
    done = run(
        tmp_path / "b",
        {"setup": setup, "cells": cells("Log.lines, Log.count, type(one) is Log, f(6), f.tag")},
        inputs={name: first.artifact(name) for name in ("Log", "one", "f")},
    )
    assert done.text() == "([1], 1, True, [5, 6], 'x')"


def test_files_and_modules(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "data.csv").write_text("a,b\n1,2\n")
    (work / "table.parquet").write_bytes(b"x")
    (work / "helper.py").write_text("VALUE = 1\n")
    source = (
        "import sys; sys.path.insert(0, '.')\nimport helper, json\n"
        "text = open('data.csv').read()\nopen('out.txt', 'w').write(text)\nopen('out.txt').read()\n"
        "where = 'table.parquet'"
    )
    done = run(tmp_path / "step", {"cells": cells(source)}, cwd=work)
    assert done.status == 0, done.stderr
    files = done.report["files"]
    assert str(work / "data.csv") in files["read"]
    assert str(work / "table.parquet") in files["read"]
    # Looking for modules lists folders, which change with every file put there.
    assert not [path for path in files["read"] if os.path.isdir(path)]
    assert list(files["written"]) == [str(work / "out.txt")]
    stamp = os.stat(work / "data.csv")
    assert files["read"][str(work / "data.csv")] == [stamp.st_size, stamp.st_mtime_ns]
    assert not [path for path in files["read"] if "site-packages" in path or "/lib/python" in path]
    assert list(done.report["modules"]) == [str(work / "helper.py")]


def test_state_that_a_local_module_keeps_is_told(tmp_path: Path) -> None:
    (tmp_path / "tally.py").write_text("seen = []\ndef bump(v):\n    seen.append(v)\n")
    setup = [
        {"cell": "c0", "source": f"import sys; sys.path.insert(0, {str(tmp_path)!r})"},
        {"cell": "c0", "source": "import tally"},
    ]
    done = run(tmp_path / "a", {"setup": setup, "cells": cells("tally.bump(1)")}, cwd=tmp_path)
    assert done.status == 0, done.stderr
    (remark,) = done.report["diagnostics"]
    assert (remark["severity"], remark["code"]) == ("warning", "module-state")
    assert "tally" in remark["message"]
    done = run(tmp_path / "b", {"setup": setup, "cells": cells("tally.seen")}, cwd=tmp_path)
    assert done.report["diagnostics"] == []


def test_output_of_children_and_c_code(tmp_path: Path) -> None:
    source = (
        "import os, subprocess, sys\nprint('one')\nos.system('echo two')\n"
        "os.write(2, b'to stderr\\n')\nprint('three')\n"
        "import ctypes; ctypes.CDLL(None).puts(b'four'); ctypes.CDLL(None).fflush(None)"
    )
    done = run(tmp_path, {"cells": cells(source + ";")})
    streams = {out["name"]: "".join(out["text"]) for out in done.notebook["cells"][0]["outputs"]}
    assert streams == {"stdout": "one\ntwo\nthree\nfour\n", "stderr": "to stderr\n"}
    assert done.stdout == "one\ntwo\nthree\nfour\n"
    assert "to stderr" in done.stderr


def test_output_is_live(tmp_path: Path) -> None:
    source = "import time\nprint('ready')\ntime.sleep(2)\nprint('late')"
    started = _start(tmp_path, {"cells": cells(source)})
    assert started.poll() is None
    out, _ = started.communicate(timeout=30)
    assert out == "late\n"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_the_page_cannot_run_anything(tmp_path: Path) -> None:
    evil = (
        "from IPython.display import HTML, SVG\n"
        'display(HTML(\'<b onclick="x()">bold</b><script>alert(1)</script><img src=x onerror=y()>'
        '<a href="javascript:z()">a</a><iframe src="http://e"></iframe><style>*{}</style>\'))\n'
        "display(SVG('<svg><script>1</script><circle r=\"3\"/></svg>'))\n"
        "print('<script>alert(2)</script>')\n'<script>'"
    )
    done = run(tmp_path, {"cells": cells(evil, "raise ValueError('<script>')")})
    page = _Page()
    page.feed(done.page)
    assert "script" not in page.tags
    assert "iframe" not in page.tags
    assert page.handlers == []
    assert not re.search(r"<[^>]*javascript:", done.page)
    assert "<b>bold</b>" in done.page
    assert "<circle" in done.page
    assert "&lt;script&gt;" in done.page
    assert not re.search(r"(src|href)=.http", done.page)


def test_the_page_shows_figures_and_tables(tmp_path: Path) -> None:
    source = (
        "import pandas as pd, matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n"
        "score = 0.5\npd.DataFrame({'a': [1]})"
    )
    page = run(tmp_path, {"cells": cells(source), "metrics": ["score"]}).page
    assert "data:image/png;base64," in page
    assert "<table" in page
    assert "<th>score</th><td>0.5</td>" in page


def test_a_report_is_json_without_surprises(tmp_path: Path) -> None:
    done = run(tmp_path, {"cells": cells("x = '\\ud800'"), "outputs": outputs("x")})
    assert done.status == 0, done.stderr
    assert json.loads((tmp_path / "labwright_report.json").read_text())["error"] is None
