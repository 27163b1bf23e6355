"""`labwright verify`: what counts as a difference, and what the straight run is."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.helpers import CHOICE, answer, labwright, notebook
from labwright.launch import analyse_notebook
from labwright.verify import verify
from labwright.verify.check import Verdict
from labwright.verify.compare import normal, same


def stream(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data: str) -> dict:
    mimes = {mime.replace("_", "/"): value for mime, value in data.items()}
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": mimes}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<A object at 0x7f1c2d3e4f50>", "<A object at 0x55d0c0ffee00>"),
        ("dou...x7f576aa29d00&gt;", "dou...x7f0538f51d00&gt;"),
        (
            "CPU times: user 1 ms, sys: 2 ms, total: 3 ms\nWall time: 4 ms\n",
            "CPU times: user 9 ms, sys: 0 ns, total: 9 ms\nWall time: 1.2 s\n",
        ),
        (
            "1.5 ms ± 3 μs per loop (mean ± std. dev. of 7 runs, 10 loops each)",
            "98 ns ± 0.1 ns per loop (mean ± std. dev. of 7 runs, 1000 loops each)",
        ),
        ("/tmp/tmpab12_x/file.csv", "/tmp/tmpzz99/file.csv"),
        ("/tmp/labwright/123.py:1: UserWarning", "/tmp/labwright/456.py:1: UserWarning"),
        ("  0%|   | 0/3\r 50%|█  | 1/3\r100%|███| 3/3\n", "  0%|   | 0/3\r100%|███| 3/3\n"),
        ('<div id="sk-container-id-1">', '<div id="sk-container-id-7">'),
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "123e4567-e89b-12d3-a456-426614174000"),
        ("in /work/one/data", "in /work/two/data"),
    ],
)
def test_what_differs_between_any_two_runs_does_not_count(one, other):
    folders = ["/work/one", "/work/two"]
    assert same([stream(one)], [stream(other)], folders)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0x1f", "0x2f"),
        ("1.5 ms", "1.6 ms"),
        ("accuracy 0.9", "accuracy 0.91"),
        ("a\n", "a\n\n"),
        ("In the beginning [1]", "In the beginning [2]"),
        ("deadbeef", "beefdead"),
    ],
)
def test_a_real_difference_counts(one, other):
    assert not same([stream(one)], [stream(other)])


def test_order_in_a_stream_counts_and_its_pieces_do_not():
    assert same([stream("a\n"), stream("b\n")], [stream("a\nb\n")])
    assert same(
        [stream("a"), shown(text_plain="1"), stream("b")], [stream("ab"), shown(text_plain="1")]
    )
    assert not same([stream("a\n"), stream("b\n")], [stream("b\n"), stream("a\n")])
    assert not same([stream("a")], [stream("a", "stderr")])


def test_displays_are_compared_by_type_and_images_by_their_bytes():
    assert same(
        [shown(image_png="AAA\n", text_plain="x")], [shown(image_png="AAA", text_plain="x")]
    )
    assert not same([shown(image_png="AAA")], [shown(image_png="AAB")])
    assert not same([shown(text_plain="x")], [shown(text_plain="x", text_html="<b>x</b>")])
    assert not same(
        [shown(text_plain="1"), shown(text_plain="2")],
        [shown(text_plain="2"), shown(text_plain="1")],
    )


def test_files_keep_text_as_lines():
    assert normal("a\r\nb") == "a\nb"
    assert same([{**stream(""), "text": ["a\n", "b"]}], [stream("a\nb")])


def test_errors_are_their_name_and_words():
    one = {"output_type": "error", "ename": "E", "evalue": "at 0x7f1c2d3e4f50", "traceback": ["x"]}
    assert same([one], [{**one, "evalue": "at 0x7f0000000000", "traceback": []}])
    assert not same([one], [{**one, "ename": "F"}])


@pytest.fixture
def verified(tmp_path: Path) -> Callable[..., Verdict]:
    def run(*cells, **values) -> Verdict:
        path = notebook(tmp_path / "work.ipynb", *cells)
        return verify(analyse_notebook(str(path)), values)

    return run


def codes(verdict: Verdict) -> list[tuple[int | None, str]]:
    ours = ("varies", "prelude-output", "in-place")
    return [(d.cell, d.code) for d in verdict.diagnostics if d.code in ours]


def printed(verdict: Verdict, cell: int, side: str = "notebook") -> str:
    (found,) = [entry for entry in verdict.cells if entry["cell"] == cell]
    return "".join("".join(output["text"]) for output in found[side])


def test_conditions_loops_and_parameters_are_honoured(verified):
    verdict = verified(*CHOICE, rate="0.25", items="[2, 3]")
    assert verdict.equal
    assert printed(verdict, 2) == printed(verdict, 2, "pipeline") == "4\n9\n"
    assert printed(verdict, 3) == "13 [0.25, 2]\n"
    assert [cell["cell"] for cell in verdict.cells] == [1, 2, 3, 5]


def test_each_turn_of_a_loop_starts_afresh(verified):
    verdict = verified(
        ("step:a", "import random\nrandom.seed(1)"),
        ("step:b", "draw = random.random()\nprint(draw)", {"foreach": "n in [1, 2]"}),
        ("step:c", "print(draw)"),
    )
    assert verdict.equal
    first, second = printed(verdict, 1).split()
    assert first == second


def test_steps_that_follow_a_skipped_one_are_skipped_in_both(verified):
    verdict = verified(
        ("step:a", "x = 1"),
        ("step:b", "y = 2\nprint('b')", {"when": "x > 1"}),
        ("step:c", "print('c', y)"),
    )
    assert verdict.equal
    assert [cell["cell"] for cell in verdict.cells] == [0]


def test_a_cell_that_varies_by_itself_is_said_not_blamed(verified):
    verdict = verified(
        ("step:a", "import time\nprint(time.time_ns())\nx = 1"), ("step:b", "print(x)")
    )
    assert verdict.equal
    assert (0, "varies") in codes(verdict)


def test_a_difference_is_found(verified, tmp_path):
    verdict = verified(
        ("step:a", "import os\nx = os.getpid()"),
        ("step:b", "import os\nprint(x == os.getpid())"),
    )
    assert not verdict.equal
    assert [cell["cell"] for cell in verdict.cells if not cell["equal"]] == [1]
    assert printed(verdict, 1) == "True\n"
    assert printed(verdict, 1, "pipeline") == "False\n"


def test_a_notebook_that_fails_is_equal_when_it_fails_alike(verified):
    verdict = verified(
        ("step:a", "x = 1"),
        ("step:b", "print('before')\nx / 0"),
        ("step:c", "print('elsewhere')"),
    )
    assert verdict.equal
    assert verdict.record.state == "FAILED"
    assert [cell["cell"] for cell in verdict.cells] == [0, 1]


def test_files_of_one_run_are_not_there_for_the_next(verified, tmp_path):
    verdict = verified(
        ("step:a", "with open('log.txt', 'a') as f:\n    f.write('line\\n')"),
        ("step:b", "print(open('log.txt').read())"),
    )
    assert verdict.equal
    assert codes(verdict) == []
    assert not (tmp_path / "log.txt").exists()


def test_a_notebook_that_reaches_out_of_its_folder_runs_in_place(verified):
    verdict = verified(("step:a", "import os\nprint(os.path.exists('../nowhere'))"))
    assert verdict.equal
    assert (None, "in-place") in codes(verdict)


def test_what_a_prelude_shows_is_named_not_compared(verified):
    verdict = verified(
        ("imports", "import sys\nprint('here')"), ("step:a", "print(len(sys.argv) > 5)")
    )
    assert verdict.equal
    assert (0, "prelude-output") in codes(verdict)


def test_skipped_cells_do_not_run(verified):
    verdict = verified(("step:a", "x = 1"), ("skip", "1 / 0"), ("step:b", "print(x)"))
    assert verdict.equal


def test_a_finally_step_runs_last_in_both(verified):
    verdict = verified(
        ("step:a", "print('a')"),
        ("step:done", "print('done')", {"finally": True}),
    )
    assert verdict.equal
    assert printed(verdict, 1) == "done\n"


def test_the_command_says_it_in_words_in_json_and_by_its_status(tmp_path):
    notebook(tmp_path / "same.ipynb", ("step:a", "x = 1"), ("step:b", "print(x)"))
    found = answer("verify", "same.ipynb", "--json", cwd=tmp_path)
    assert set(found) == {"equal", "cells", "diagnostics"}
    assert found["equal"] is True
    assert [set(cell) for cell in found["cells"]] == [
        {"cell", "step", "equal", "notebook", "pipeline"}
    ] * 2
    notebook(
        tmp_path / "other.ipynb",
        ("step:a", "import os\nx = os.getpid()"),
        ("step:b", "import os\nprint(x == os.getpid())"),
    )
    done = labwright("verify", "other.ipynb", cwd=tmp_path)
    assert done.returncode == 1
    assert "cell 1 (step b) differs" in done.stdout
    assert "not equal: 1 of 2 cells differ" in done.stdout
    assert (
        json.loads(labwright("verify", "other.ipynb", "--json", cwd=tmp_path).stdout)["equal"]
        is False
    )
