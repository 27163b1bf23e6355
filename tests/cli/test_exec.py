"""`labwright exec`: what it runs, what it writes, how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LABWRIGHT = str(Path(sys.executable).parent / "labwright")


def notebook(path: Path, *cells, language: str = "python", kernel: str = "python3") -> Path:
    """Cells are sources, or (source, tags)."""
    written = []
    for index, cell in enumerate(cells):
        source, tags = cell if isinstance(cell, tuple) else (cell, [])
        written.append(
            {
                "cell_type": "code",
                "id": f"c{index}",
                "metadata": {"tags": tags} if tags else {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
        )
    kernelspec = {"name": kernel, "display_name": kernel, "language": language}
    document = {
        "cells": written,
        "metadata": {"kernelspec": kernelspec, "language_info": {"name": language}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document))
    return path


def execute(tmp_path: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    command = [LABWRIGHT, "exec", "in.ipynb", "out.ipynb", *argv]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)


def result(tmp_path: Path) -> dict:
    return json.loads((tmp_path / "out.ipynb").read_text())


def text(cell: dict) -> str:
    return "".join("".join(o.get("text", "")) for o in cell["outputs"])


PARAMETERS = ("epochs = 3\nname = 'a'\nratio: float = 1\nwhen = str(0)", ["parameters"])


def test_parameters_are_injected_and_typed(tmp_path):
    notebook(tmp_path / "in.ipynb", PARAMETERS, "print(repr((epochs, name, ratio, when)))")
    done = execute(
        tmp_path, "-p", "epochs=5", "-p", 'name=it\'s "q"\n', "-p", "ratio=2", "-p", "when=7"
    )
    assert done.returncode == 0, done.stderr
    cells = result(tmp_path)["cells"]
    assert text(cells[2]) == "(5, 'it\\'s \"q\"\\n', 2.0, 7)\n"
    assert cells[1]["metadata"]["tags"] == ["injected-parameters"]
    assert [cell["id"] for cell in cells if cell is not cells[1]] == ["c0", "c1"]


def test_an_earlier_injected_cell_is_replaced(tmp_path):
    notebook(
        tmp_path / "in.ipynb",
        PARAMETERS,
        ("epochs = 9", ["injected-parameters"]),
        "print(epochs)",
    )
    assert execute(tmp_path, "-p", "epochs=5").returncode == 0
    cells = result(tmp_path)["cells"]
    assert len(cells) == 3
    assert text(cells[2]) == "5\n"


def test_a_notebook_without_a_parameters_cell_takes_any_name(tmp_path):
    notebook(tmp_path / "in.ipynb", "print(repr((a, b)))")
    assert execute(tmp_path, "-p", "a=1", "-p", "b=True").returncode == 0
    cells = result(tmp_path)["cells"]
    assert cells[0]["metadata"]["tags"] == ["injected-parameters"]
    assert text(cells[1]) == "(1, True)\n"


def test_wrong_parameters_exit_2_and_write_nothing(tmp_path):
    notebook(tmp_path / "in.ipynb", PARAMETERS)
    for argument, word in [
        ("epoch=5", "did you mean 'epochs'"),
        ("epochs=many", "epochs"),
        ("epochs", "NAME=VALUE"),
    ]:
        done = execute(tmp_path, "-p", argument)
        assert done.returncode == 2
        assert word in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out.ipynb").exists()


def test_a_failure_stops_and_is_recorded(tmp_path):
    notebook(tmp_path / "in.ipynb", "print('before')", "1 / 0", "print('after')")
    done = execute(tmp_path, "--json")
    assert done.returncode == 1
    outcome = json.loads(done.stdout)
    assert outcome["state"] == "FAILED"
    assert outcome["error"]["cell"] == "c1"
    assert outcome["error"]["ename"] == "ZeroDivisionError"
    assert "Traceback (most recent call last)" in done.stderr
    document = result(tmp_path)
    kept = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    assert [cell["metadata"]["papermill"]["status"] for cell in kept] == [
        "completed",
        "failed",
        "pending",
    ]
    markers = [c for c in document["cells"] if "papermill-error-cell-tag" in c["metadata"]["tags"]]
    assert len(markers) == 2
    assert document["metadata"]["papermill"]["exception"] is True


def test_markers_of_an_earlier_failure_go(tmp_path):
    notebook(tmp_path / "in.ipynb", "import os\nassert os.path.exists('fixed')")
    assert execute(tmp_path).returncode == 1
    (tmp_path / "fixed").touch()
    os.replace(tmp_path / "out.ipynb", tmp_path / "in.ipynb")
    assert execute(tmp_path).returncode == 0
    assert len(result(tmp_path)["cells"]) == 1


def test_expected_exceptions_and_quiet_exits(tmp_path):
    notebook(
        tmp_path / "in.ipynb",
        ("1 / 0", ["raises-exception"]),
        "import sys\nprint('here')\nsys.exit(0)",
        "print('never')",
    )
    assert execute(tmp_path).returncode == 0
    cells = result(tmp_path)["cells"]
    assert cells[0]["outputs"][0]["output_type"] == "error"
    assert "here" in text(cells[1])
    assert text(cells[2]) == ""


def test_working_folder_and_imports(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "helper.py").write_text("value = 42")
    notebook(tmp_path / "in.ipynb", "import helper\nprint(helper.value)")
    assert execute(tmp_path).returncode == 1
    assert execute(tmp_path, "--cwd", "data").returncode == 0
    assert text(result(tmp_path)["cells"][0]) == "42\n"
    assert execute(tmp_path, "--cwd", "nowhere").returncode == 2


def test_what_a_notebook_leaves_open_is_written_at_the_end(tmp_path):
    notebook(tmp_path / "in.ipynb", "file = open('left.txt', 'w'); file.write('kept')")
    assert execute(tmp_path).returncode == 0
    assert (tmp_path / "left.txt").read_text() == "kept"


def test_no_heavy_import_on_the_hot_path(tmp_path):
    heavy = ["typer", "click", "pydantic", "nbformat", "papermill", "rich", "sqlalchemy", "yaml"]
    notebook(
        tmp_path / "in.ipynb",
        PARAMETERS,
        f"import sys\nprint([m for m in {heavy} if m in sys.modules])",
    )
    assert execute(tmp_path, "-p", "epochs=5").returncode == 0
    assert text(result(tmp_path)["cells"][2]) == "[]\n"


def test_an_unknown_python_kernel_is_replaced_with_a_warning(tmp_path):
    notebook(tmp_path / "in.ipynb", "print(1)", kernel="conda-env-of-a-colleague")
    done = execute(tmp_path)
    assert done.returncode == 0
    assert "conda-env-of-a-colleague" in done.stderr


def test_a_missing_kernel_of_another_language_exits_2(tmp_path):
    notebook(tmp_path / "in.ipynb", "print(1)", language="R", kernel="ir")
    done = execute(tmp_path)
    assert done.returncode == 2
    assert "no kernel 'ir'" in done.stderr


def test_bad_files_exit_2(tmp_path):
    assert execute(tmp_path).returncode == 2
    (tmp_path / "in.ipynb").write_text("{")
    done = execute(tmp_path)
    assert done.returncode == 2
    assert "not JSON" in done.stderr
    notebook(tmp_path / "in.ipynb", "1")
    command = [LABWRIGHT, "exec", "in.ipynb", "nowhere/out.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_what_was_done_is_kept_when_the_process_is_told_to_end(tmp_path):
    notebook(tmp_path / "in.ipynb", "print('done')", "import time\ntime.sleep(60)")
    process = subprocess.Popen(
        [LABWRIGHT, "exec", "in.ipynb", "out.ipynb"], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        written = tmp_path / "out.ipynb"
        if written.exists() and '"running"' in written.read_text():
            break
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM
    cells = [cell for cell in result(tmp_path)["cells"] if cell["cell_type"] == "code"]
    assert text(cells[0]) == "done\n"
    assert cells[1]["metadata"]["papermill"]["status"] == "failed"


def test_another_kernel_runs_through_nbclient(tmp_path, monkeypatch):
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Other",
        "language": "python",
        "env": {"MARK": "set by the kernelspec"},
    }
    folder = tmp_path / "jupyter" / "kernels" / "other"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    notebook(
        tmp_path / "in.ipynb",
        PARAMETERS,
        "import os\nprint(os.environ['MARK'], epochs)",
        "1 / 0",
        kernel="other",
    )
    done = execute(tmp_path, "-p", "epochs=5", "--json")
    assert done.returncode == 1
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["state"] == "FAILED"
    assert outcome["error"]["cell"] == "c2"
    cells = [cell for cell in result(tmp_path)["cells"] if cell["cell_type"] == "code"]
    assert text(cells[2]) == "set by the kernelspec 5\n"


def test_the_output_is_a_valid_notebook(tmp_path):
    import nbformat

    notebook(tmp_path / "in.ipynb", PARAMETERS, "", "print(1)\n{'a': 1}", "1 / 0")
    document = json.loads((tmp_path / "in.ipynb").read_text())
    for cell in document["cells"]:
        del cell["id"]
    document["nbformat_minor"] = 2
    (tmp_path / "in.ipynb").write_text(json.dumps(document))
    assert execute(tmp_path, "-p", "epochs=5").returncode == 1
    nbformat.validate(nbformat.read(tmp_path / "out.ipynb", nbformat.NO_CONVERT))
