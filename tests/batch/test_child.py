"""The process that runs cells for papermill and others."""

import pytest

from labwright.batch.child import CellProcess, Died


def test_cells_share_a_namespace_and_streams_are_their_own():
    with CellProcess() as process:
        assert process.run("x = 1").outputs == []
        reply = process.run("import os\nprint(x)\nos.system('echo sub')\nx + 1")
        assert reply.error is None
        text = "".join(o["text"] for o in reply.outputs if o["output_type"] == "stream")
        assert text == "1\nsub\n"
        assert reply.outputs[-1]["data"]["text/plain"] == "2"
        assert reply.execution_count == 2


def test_an_error_does_not_end_the_process():
    with CellProcess() as process:
        assert process.run("1 / 0").error.ename == "ZeroDivisionError"
        assert process.run("print('still here')").error is None


def test_a_process_that_dies_is_noticed():
    with CellProcess() as process, pytest.raises(Died) as died:
        process.run("import os; os._exit(3)")
    assert died.value.status == 3


def test_a_killed_process_names_the_signal():
    with CellProcess() as process, pytest.raises(Died, match="signal 9"):
        process.run("import os; os.kill(os.getpid(), 9)")


def test_a_cell_that_takes_too_long():
    with CellProcess() as process, pytest.raises(TimeoutError):
        process.run("import time; time.sleep(30)", timeout=1)


def test_what_a_long_cell_shows_is_seen_before_its_end():
    seen = []
    with CellProcess() as process:
        process.run(
            "import time\nprint('first', flush=True)\ntime.sleep(2.6)\nprint('second')",
            on_partial=seen.append,
        )
    assert seen[0][0]["text"] == "first\n"


def test_a_display_changed_later_is_told_at_the_end():
    with CellProcess() as process:
        process.run("handle = display('one', display_id=True)")
        process.run("handle.update('two')")
        changed, metadata = process.finish()
    assert changed[0][0]["data"]["text/plain"] == "'two'"
    assert 1 not in changed
    assert metadata["language_info"]["name"] == "python"
