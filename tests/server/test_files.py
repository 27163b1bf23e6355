"""What a run left, and nothing beside it."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from labwright.targets.local.store import Store

from .conftest import Ask, Finished, told


async def test_logs_come_in_pieces_of_whole_characters(ask: Ask, runs: Finished) -> None:
    place = f"runs/{runs.good}/steps/load/log"
    whole = told(await ask("GET", place))
    assert "loaded 3 ä\n" in whole["text"]
    assert whole["end"] is True
    pieces, offset, end = [], 0, False
    while not end:
        found = told(await ask("GET", place, params={"offset": str(offset), "limit": "4"}))
        assert found["offset"] == offset
        pieces.append(found["text"])
        offset, end = found["next"], found["end"]
    assert "".join(pieces) == whole["text"]
    beyond = told(await ask("GET", place, params={"offset": "99999"}))
    assert beyond == {"text": "", "offset": whole["next"], "next": whole["next"], "end": True}


async def test_logs_of_turns(ask: Ask, runs: Finished) -> None:
    place = f"runs/{runs.loop}/steps/each/log"
    first = told(await ask("GET", place))
    second = told(await ask("GET", place, params={"iteration": "1"}))
    assert "turn 5" in first["text"]
    assert "turn 6" in second["text"]
    assert (await ask("GET", place, params={"iteration": "7"})).code == 404
    assert (await ask("GET", f"runs/{runs.loop}/steps/none/log")).code == 404


async def test_executed_notebooks(ask: Ask, runs: Finished) -> None:
    found = await ask("GET", f"runs/{runs.good}/steps/load/notebook")
    assert found.code == 200
    assert b"loaded 3" in found.body
    assert found.headers["Content-Type"] == "application/x-ipynb+json"
    source = await ask("GET", f"runs/{runs.good}/notebook")
    assert b"list(range(n))" in source.body
    assert b"loaded 3" not in source.body
    (runs.home / "runs" / runs.good / "source.ipynb").unlink()
    assert (await ask("GET", f"runs/{runs.good}/notebook")).code == 404


async def test_pages_run_nothing(ask: Ask, runs: Finished) -> None:
    found = await ask("GET", f"runs/{runs.bad}/steps/fail/html")
    assert found.headers["Content-Type"].startswith("text/html")
    policy = found.headers["Content-Security-Policy"]
    assert "sandbox;" in policy
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert b"<b>bad</b>" not in found.body


async def test_artifacts_are_downloads(ask: Ask, runs: Finished) -> None:
    run = told(await ask("GET", f"runs/{runs.good}"))
    artifact = run["steps"][0]["outputs"][0]["artifact"]
    assert "/" in artifact
    found = await ask("GET", f"runs/{runs.good}/files/{artifact}")
    assert found.code == 200, artifact
    assert json.loads(found.body) == [0, 1, 2]
    assert found.headers["Content-Disposition"] == "attachment; filename*=UTF-8''x.json"
    assert "sandbox" in found.headers["Content-Security-Policy"]
    assert found.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert found.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_value_of_many_files_comes_packed(ask: Ask, runs: Finished) -> None:
    value = (runs.home / "runs" / runs.good / "load" / "x").resolve()
    value.chmod(0o755)
    (value / "more").mkdir()
    (value / "more" / "data.bin").write_bytes(bytes(3_000_000))
    found = await ask("GET", f"runs/{runs.good}/files/load/x")
    assert found.headers["Content-Type"] == "application/zip"
    with ZipFile(BytesIO(found.body)) as archive:
        assert sorted(archive.namelist()) == ["labwright.json", "more/data.bin", "value.json"]
    whole = await ask("GET", f"runs/{runs.good}/files/load/x/more/data.bin")
    assert len(whole.body) == 3_000_000


@pytest.mark.parametrize(
    "path",
    [
        "../../labwright.db",
        "..%2F..%2Flabwright.db",
        "%2E%2E/%2E%2E/labwright.db",
        "load/../../../labwright.db",
        "%2Fetc%2Fpasswd",
        "/etc/passwd",
        "out.txt",
        "folder/passwd",
        "store",
        ".lock",
        "plain",
        "load",
        "nothing",
        "a%00b",
        "%5C..%5C..%5Clabwright.db",
    ],
)
async def test_a_run_is_confined_to_its_folder(ask: Ask, runs: Finished, path: str) -> None:
    folder = runs.home / "runs" / runs.good
    (folder / ".hidden").write_text("secret")
    (folder / "plain").symlink_to(".hidden")
    (folder / "out.txt").symlink_to("/etc/passwd")
    (folder / "folder").symlink_to("/etc")
    (folder / "store").symlink_to(runs.home / "labwright.db")
    found = await ask("GET", f"runs/{runs.good}/files/{path}")
    assert found.code in (400, 404)
    assert told(found)["code"] in ("bad-request", "not-found")


@pytest.mark.parametrize("route", ["analyse", "preview", "suggest", "compile"])
@pytest.mark.parametrize(
    "path",
    ["../out.ipynb", "/../out.ipynb", "a/../../out.ipynb", "link.ipynb", "folder/out.ipynb",
     ".hidden/in.ipynb", ".in.ipynb", "named", "", "/", "none.ipynb", "loop.ipynb", "a" * 5000],
)  # fmt: skip
async def test_notebooks_are_confined_to_the_root(
    ask: Ask, root: Path, route: str, path: str
) -> None:
    outside = root.parent / "out.ipynb"
    outside.write_text("{}")
    (root / "link.ipynb").symlink_to(outside)
    (root / "folder").symlink_to(root.parent)
    (root / ".hidden").mkdir()
    (root / ".hidden" / "in.ipynb").write_text("{}")
    (root / ".in.ipynb").write_text("{}")
    (root / "named").symlink_to(root / ".in.ipynb")
    (root / "loop.ipynb").symlink_to(root / "loop.ipynb")
    found = await ask("POST", f"notebooks/{route}", {"path": path})
    assert found.code in (400, 404)
    assert told(found)["code"] in ("bad-request", "not-found")
    assert str(root.parent) not in told(found)["message"]


async def test_the_place_of_a_notebook_under_the_root(ask: Ask, root: Path, runs: Finished) -> None:
    store = Store(runs.home)
    row = store.run_row(runs.good)
    (root / "sub").mkdir()
    row.options["notebook"] = str(root / "sub" / "adding.ipynb")
    store.save_run(row)
    store.close()
    assert told(await ask("GET", f"runs/{runs.good}"))["path"] == "sub/adding.ipynb"
