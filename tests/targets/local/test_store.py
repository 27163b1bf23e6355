"""The store and the artifacts: what is kept, how it is found, and that several may use it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from labwright.errors import LabwrightError
from labwright.targets.local.artifacts import ArtifactStore, artifact_store, tree_digest
from labwright.targets.local.engine import run_pipeline
from labwright.targets.local.home import home
from labwright.targets.local.schema import HEAD, alembic_config, metadata, migrate
from labwright.targets.local.store import Store

from .ir_by_hand import IR, From, Run


def one_step(source: str = "print('hello')") -> IR:
    ir = IR("Kept well")
    ir.step("a", source)
    return ir


def test_home_follows_jupyter_unless_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LABWRIGHT_HOME", str(tmp_path / "mine"))
    assert home() == tmp_path / "mine"
    monkeypatch.delenv("LABWRIGHT_HOME")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    assert home() == tmp_path / "jupyter" / "labwright"


def test_runs_are_found_by_id_by_its_start_and_as_the_latest(run: Run) -> None:
    store = Store()
    with pytest.raises(LabwrightError, match="no runs yet"):
        store.run("latest")
    first, second = run(one_step()), run(one_step("1 / 0"))
    assert [one.run_id for one in store.runs()] == [second.run_id, first.run_id]
    assert first.run_id.startswith("kept-well-2")
    assert store.run(first.run_id).to_json() == first.to_json()
    assert store.run("latest").run_id == second.run_id
    if first.run_id[:-1] != second.run_id[:-1]:
        assert store.run(first.run_id[:-1]).run_id == first.run_id
    with pytest.raises(LabwrightError, match="fits more than one run"):
        store.run("kept-well")
    with pytest.raises(LabwrightError, match="no run 'other'"):
        store.run("other")
    assert store.log("latest", "a").endswith("ZeroDivisionError: division by zero\n")
    assert store.log(first.run_id, "a") == "hello\n"
    with pytest.raises(LabwrightError, match=r"no step 'b'.*it has a"):
        store.log("latest", "b")


def test_a_record_is_the_contract(run: Run, tmp_path: Path) -> None:
    record = run(one_step("1 / 0"))
    data = json.loads(json.dumps(record.to_json()))
    assert list(data) == [
        "run_id", "state", "target", "parameters", "dir", "metrics", "diagnostics", "steps",
    ]  # fmt: skip
    (step,) = data["steps"]
    assert list(step) == [
        "name", "state", "cached", "started_at", "finished_at", "notebook", "inputs", "outputs",
        "error",
    ]  # fmt: skip
    assert step["error"]["ename"] == "ExitCode"
    assert data["dir"] == str(home() / "runs" / record.run_id)


def test_a_home_can_be_moved(run: Run, tmp_path: Path) -> None:
    ir = IR()
    ir.step("a", "make('data', 'kept')", makes=("data",))
    record = run(ir)
    moved = tmp_path / "moved"
    home().rename(moved)
    path = Store(moved).run(record.run_id).steps[0].outputs[0]["path"]
    assert path == str(moved / "runs" / record.run_id / "a" / "data")
    assert Path(path).read_text() == "kept"


def test_the_migrations_make_the_tables_as_they_are(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        migrate(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        script = ScriptDirectory.from_config(alembic_config(connection))
        assert script.get_current_head() == HEAD
    engine.dispose()


def test_an_older_store_is_migrated_and_a_newer_one_refused(tmp_path: Path) -> None:
    def stamp(version: str) -> None:
        database = sqlite3.connect(tmp_path / "labwright.db")
        database.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32))")
        database.execute("DELETE FROM alembic_version")
        if version:
            database.execute("INSERT INTO alembic_version VALUES (?)", (version,))
        database.commit()
        database.close()

    stamp("")  # Alembic's way to say: before the first migration
    store = Store(tmp_path)
    assert store.runs() == []
    store.close()
    stamp("9999")
    with pytest.raises(LabwrightError, match=r"made by another version.*LABWRIGHT_HOME"):
        Store(tmp_path).runs()


def test_opening_a_store_does_not_import_alembic(tmp_path: Path) -> None:
    code = """
import sys
from labwright.targets.local.store import Store
Store().runs(); Store().runs()
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_store_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LabwrightError, match="cannot open the store"):
        Store(tmp_path / "file" / "in").runs()
    (tmp_path / "labwright.db").write_text("this is no database, however long one looks at it")
    with pytest.raises(LabwrightError, match="cannot be written or read"):
        Store(tmp_path).runs()


ENGINE = """
import json, sys
from pathlib import Path
from labwright.targets.local.engine import run_pipeline
spec = json.loads(Path(sys.argv[1]).read_text())
for _ in range(3):
    record = run_pipeline(spec, cache=False)
    assert record.state == "SUCCEEDED", record
    assert record.outputs == {"n": 5}
"""


def test_engines_at_once_do_not_disturb_one_another(tmp_path: Path) -> None:
    ir = IR("crowd")
    for number in range(4):
        ir.step(f"s{number}", "make('data', 'the same')", makes=("data",))
    last = "give(n=len(A) + (text('d3') == 'the same'))"
    artifacts = {f"d{n}": From((f"s{n}", "data")) for n in range(4)}
    ir.step("last", last, artifacts=artifacts, outputs={"n": "NUMBER_INTEGER"})
    ir.output("n", ("last", "n"))
    (tmp_path / "spec.json").write_text(json.dumps(ir.spec))
    command = [sys.executable, "-c", ENGINE, str(tmp_path / "spec.json")]
    engines = [subprocess.Popen(command, cwd=tmp_path) for _ in range(3)]
    assert [engine.wait() for engine in engines] == [0, 0, 0]
    store = Store()
    assert len(store.runs()) == 9
    assert {store.run(one.run_id).state for one in store.runs()} == {"SUCCEEDED"}
    database = sqlite3.connect(store.root / "labwright.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_a_run_id_is_used_once(tmp_path: Path) -> None:
    run_pipeline(one_step().spec, workdir=tmp_path, run_id="mine")
    with pytest.raises(LabwrightError, match="already is a run 'mine'"):
        run_pipeline(one_step().spec, workdir=tmp_path, run_id="mine")


def test_content_is_kept_once_and_protected(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "store")
    for name in ("one", "two"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "file").write_text("same")
    first, second = store.take(tmp_path / "one"), store.take(tmp_path / "two")
    assert first == second
    assert first.bytes == 4
    assert (tmp_path / "one").is_symlink()
    assert not os.readlink(tmp_path / "one").startswith("/")
    assert (tmp_path / "two" / "deep" / "file").read_text() == "same"
    file = store.path(first.digest) / "deep" / "file"
    assert file.stat().st_mode & 0o222 == 0
    assert store.take(tmp_path / "one") == first, "taking what is taken changes nothing"
    copy = tmp_path / "copy"
    store.copy(first.digest, copy)
    (copy / "deep" / "file").write_text("mine now")
    assert file.read_text() == "same"


def test_digests_tell_content_apart(tmp_path: Path) -> None:
    def digest(**files: str) -> str:
        folder = tmp_path / f"t{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        return tree_digest(folder)[0]

    assert digest(a="1", b="2") == digest(b="2", a="1")
    assert len({digest(a="1"), digest(a="2"), digest(b="1"), digest(), digest(a="1", b="")}) == 5


def test_links_out_of_an_artifact_become_what_they_lead_to(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "store")
    (tmp_path / "outside").write_text("content")
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "here").write_text("x")
    (folder / "in").symlink_to("here")
    digest = store.take(folder).digest
    (tmp_path / "outside").unlink()
    kept = store.path(digest)
    assert (kept / "out").read_text() == "content"
    assert (kept / "in").is_symlink()
    (tmp_path / "target").write_text("whole")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert store.path(store.take(tmp_path / "link").digest).read_text() == "whole"
    assert (tmp_path / "target").read_text() == "whole"


def test_hard_links_are_read_once_and_kept(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "store")
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "a").write_text("x")
    os.link(folder / "a", folder / "b")
    kept = store.path(store.take(folder).digest)
    assert (kept / "a").samefile(kept / "b")


def test_an_artifact_url_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LABWRIGHT_ARTIFACTS", "nonsense://bucket")
    with pytest.raises(LabwrightError, match="nonsense://bucket"):
        artifact_store(tmp_path)
