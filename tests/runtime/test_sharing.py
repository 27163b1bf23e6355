"""Outputs that share an object, or memory, share it again in the step that loads them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from labwright.runtime.values import UNBOUND, MarshalError, read_value, read_values, write_values


def cross(folder: Path, **values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write and read values; gives them and what their folders say about them."""
    folders = {name: str(folder / name) for name in values}
    write_values(values, folders, {})
    metas = {name: json.loads((folder / name / "labwright.json").read_text()) for name in values}
    return read_values(folders, {}), metas


def test_a_list_in_two_outputs_stays_one(tmp_path: Path) -> None:
    shared = [1]
    got, metas = cross(tmp_path, a=shared, b=[shared, shared], c=[1])
    assert got["b"][0] is got["b"][1] is got["a"]
    assert metas["a"]["group"] == metas["b"]["group"]
    assert metas["c"]["format"] == "json"


def test_each_member_can_be_loaded_alone(tmp_path: Path) -> None:
    shared = [1]
    cross(tmp_path, a=shared, b={"k": shared})
    assert read_value(str(tmp_path / "b")) == {"k": [1]}


def test_members_are_links_to_one_file(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    data = numpy.arange(100_000.0)
    cross(tmp_path, a=data, b=[data])
    one, other = (os.stat(tmp_path / name / "buffers.bin") for name in "ab")
    assert one.st_ino == other.st_ino
    assert one.st_size < 900_000


def test_equal_but_separate_values_are_not_joined(tmp_path: Path) -> None:
    got, metas = cross(tmp_path, a=[1], b=[1], t=(1,), u=((1,),))
    assert got["a"] is not got["b"]
    assert "group" not in metas["a"]
    same = (1, 2)
    _, metas = cross(tmp_path, a=[same], b=[same])
    assert "group" not in metas["a"]


def test_views_write_through_to_their_base(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    base = numpy.arange(12.0).reshape(3, 4)
    got, _ = cross(
        tmp_path, base=base, row=base[1], column=base[:, 2], turned=base.T, back=base[::-1]
    )
    got["base"][1, 2] = 99
    assert got["row"][2] == got["column"][1] == got["turned"][2, 1] == got["back"][1, 2] == 99
    for name, value in {"row": base[1], "column": base[:, 2], "turned": base.T}.items():
        assert got[name].shape == value.shape


def test_views_of_objects_and_of_another_type_keep_sharing(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    objects = numpy.array([[1], "a", None], dtype=object)
    numbers = numpy.arange(4, dtype="i8")
    got, _ = cross(tmp_path, o=objects, tail=objects[1:], n=numbers, raw=numbers.view("u1"))
    got["o"][1] = "changed"
    got["n"][0] = 7
    assert got["tail"][0] == "changed"
    assert got["raw"][0] == 7


def test_sharing_survives_a_second_step(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    base = numpy.arange(200_000.0)
    got, _ = cross(tmp_path / "one", base=base, part=base[10:20])
    again, metas = cross(tmp_path / "two", **got)
    again["base"][10] = -1
    assert again["part"][0] == -1
    assert "group" in metas["base"]


def test_separate_parts_of_one_array_are_not_joined(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    data = numpy.arange(20.0).reshape(4, 5)
    _, metas = cross(tmp_path, train=data[:2], test=data[2:], x=data[:, :4], y=data[:, 4])
    assert "group" in metas["train"]  # x overlaps both
    _, metas = cross(tmp_path, train=data[:2], test=data[2:])
    assert metas["train"]["format"] == metas["test"]["format"] == "npy"
    _, metas = cross(tmp_path, x=data[:, :4], y=data[:, 4])
    assert metas["x"]["format"] == metas["y"]["format"] == "npy"


def test_frames_that_copy_before_they_write_are_not_joined(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    if int(pandas.__version__.split(".")[0]) < 3:
        pytest.skip("without copy on write, parts of a frame do share")
    frame = pandas.DataFrame({"a": range(10), "b": range(10)})
    _, metas = cross(tmp_path, frame=frame, head=frame[:5], column=frame["a"])
    assert {meta["format"] for meta in metas.values()} == {"parquet-pandas", "parquet-series"}


def test_a_frame_in_a_container_stays_the_same_frame(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2]})
    got, _ = cross(tmp_path, frame=frame, kept={"f": frame})
    assert got["kept"]["f"] is got["frame"]


def test_split_data_keeps_its_own_formats(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    selection = pytest.importorskip("sklearn.model_selection")
    frame = pandas.DataFrame({"a": range(20), "b": range(20)})
    parts = selection.train_test_split(frame, frame["a"], random_state=0)
    names = ["x_train", "x_test", "y_train", "y_test"]
    _, metas = cross(tmp_path, **dict(zip(names, parts, strict=True)))
    assert all("group" not in meta for meta in metas.values())


def test_models_are_not_joined_by_what_their_library_shares(tmp_path: Path) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    x, y = [[0.0], [1.0]] * 5, [0, 1] * 5
    one, other = linear.LogisticRegression().fit(x, y), linear.LogisticRegression().fit(x, y)
    _, metas = cross(tmp_path, one=one, other=other)
    assert metas["one"]["format"] == metas["other"]["format"] == "joblib"


def test_an_object_and_its_method_share(tmp_path: Path) -> None:
    log: list[int] = []
    got, _ = cross(tmp_path, log=log, add=log.append)
    got["add"](1)
    assert got["log"] == [1]


def test_cycles(tmp_path: Path) -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    got, _ = cross(tmp_path, ring=ring)
    assert got["ring"][1] is got["ring"]


def test_deep_chains(tmp_path: Path) -> None:
    chain: Any = None
    for _ in range(20_000):
        chain = [chain]
    got, _ = cross(tmp_path, chain=chain)
    depth = 0
    while got["chain"] is not None:
        got["chain"] = got["chain"][0]
        depth += 1
    assert depth == 20_000


def test_unbound_names(tmp_path: Path) -> None:
    got, metas = cross(tmp_path, a=UNBOUND, b=1)
    assert got["a"] is UNBOUND
    assert metas["a"]["format"] == "unbound"


def test_what_cannot_be_passed_is_named(tmp_path: Path) -> None:
    import threading

    opened = open(tmp_path / "file", "w+")  # noqa: SIM115
    for value in [(i for i in range(3)), threading.Lock(), opened, {"deep": [threading.Lock()]}]:
        with pytest.raises(MarshalError) as raised:
            cross(tmp_path / "out", thing=value)
        text = str(raised.value)
        assert "thing" in text
        assert type(value).__name__ in text
        assert "What to do" in text
    opened.close()


def test_the_same_values_make_the_same_files(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")

    def write(folder: Path) -> dict[str, bytes]:
        shared = {"a": numpy.arange(5000.0), "b": [1, 2]}
        cross(folder, one=shared, two=[shared], three={"x": (1, 2)})
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    assert write(tmp_path / "one") == write(tmp_path / "two")


def test_a_large_list_is_walked_quickly(tmp_path: Path) -> None:
    import time

    from labwright.runtime.sharing import find_sharing

    data = list(range(2_000_000))
    started = time.process_time()
    find_sharing({"a": data, "b": [data]}, {})
    assert time.process_time() - started < 1.0
