"""The exported Python as text: what a person sees, and what it refuses."""

from __future__ import annotations

import ast
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labwright.errors import LabwrightError
from labwright.pipeline import export as export_module
from labwright.pipeline.component import compile_component
from labwright.pipeline.export import export_pipeline
from labwright.pipeline.export_components import literal
from pipeline.notebooks import pipeline

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    plain,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(values)
def test_literals_mean_what_they_say(value: object) -> None:
    text = literal(value)
    assert eval(text, {"inf": math.inf}) == value


def test_cells_are_readable() -> None:
    text = export_pipeline(
        pipeline(
            ("parameters", "lr = 0.1"),
            ("step:load", "data = [1]\nprint('it\\'s')"),
            ("step:Train", "model = [d * lr for d in data]\ndata.append(1)"),
            ("step:show", "print(model, data)", {"when": "lr > 0.05"}),
        )
    )
    ast.parse(text)
    assert (
        '            "source": (\n'
        '                "data = [1]\\n"\n'
        """                "print('it\\\\'s')"\n"""
    ) in text
    assert (
        "def pipeline(lr: float = 0.1):\n"
        "    load_task = load()\n"
        '    train_task = train(lr=lr, data=load_task.outputs["data"])\n'
        '    train_task.set_display_name("Train")\n'
        "    with dsl.If(lr > 0.05):\n"
        '        show_task = show(data=train_task.outputs["data_out"], '
        'model=train_task.outputs["model"])\n'
    ) in text
    longest = max(len(line) for line in text.splitlines() if not line.startswith("RUNTIME"))
    assert longest < 200


@pytest.mark.parametrize("name", ["json", "class", "container", "1st", "decide_1", "pipeline"])
def test_names_python_or_the_file_has_already(name: str) -> None:
    if name == "1st":
        name = "_1st"
    text = export_pipeline(pipeline((f"step:{name}", "x = 1"), ("step:b", "print(x)")))
    tree = ast.parse(text)
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert len(names) == len(set(names)) == 4


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (
            (
                ("step:a", "x = 1"),
                ("step:b", "print(1)", {"finally": True}),
                ("step:c", "print(2)", {"finally": True}),
            ),
            "several finally steps",
        ),
        (
            (
                ("step:a", "x = 1"),
                ("step:b", "print(1)", {"when": "x > 1"}),
                ("step:c", "print(2)", {"after": ["b"]}),
            ),
            "runs after `b`, which may be skipped",
        ),
        (
            (
                ("step:a", "p = True\nq = True"),
                ("step:b", "x = 1", {"when": "p"}),
                ("step:c", "y = 2", {"when": "q"}),
                ("step:d", "print(x + y)"),
            ),
            "step `d`: it needs step `",
        ),
    ],
)
def test_what_the_sdk_cannot_say_is_refused(cells: tuple[object, ...], why: str) -> None:
    with pytest.raises(LabwrightError, match=why):
        export_pipeline(pipeline(*cells))  # type: ignore[arg-type]


def test_too_large_for_the_sdk_names_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "SIZE_LIMIT", 1000)
    with pytest.raises(LabwrightError, match=r"over [\d,]+ bytes, more than the 1,000"):
        export_pipeline(pipeline(("step:a", "x = 1")))


def test_a_component_of_no_step() -> None:
    with pytest.raises(LabwrightError, match=r"no step `b` \(the steps are `a`\)"):
        compile_component(pipeline(("step:a", "x = 1")), "b")


def test_a_component_has_volumes_of_its_own() -> None:
    made = pipeline(
        ("step:a", "x = 1", {"volumes": [{"name": "Big_Disk", "mount": "d", "size": "1Gi"}]})
    )
    result = compile_component(made, "a")
    executors = result.platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert executors["exec-a"]["genericEphemeralVolume"] == [
        {
            "volumeName": "big-disk",
            "mountPath": "/labwright/d",
            "accessModes": ["ReadWriteOnce"],
            "size": "1Gi",
            "defaultStorageClass": True,
        }
    ]
