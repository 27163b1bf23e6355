"""Pipelines that the kfp SDK compiled from its own Python components run here, and give the same
as its own local runner. Skipped without that SDK (see tests/oracle.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from labwright.errors import LabwrightError
from labwright.targets.local.check import check_pipeline
from labwright.targets.local.engine import run_pipeline
from labwright.targets.local.record import RunRecord
from labwright.targets.local.store import Store
from oracle import Oracle, oracle_python, start_oracle

from .ir_by_hand import states

COMPONENTS = """
from typing import Dict, List, NamedTuple, Optional
from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Metrics, Model, Output

@dsl.component
def note(ledger: str, text: str, number: int = 0, extra: Optional[str] = None) -> str:
    line = f"{text} {number} {extra}"
    with open(ledger, "a") as file:
        file.write(line + "\\n")
    return line

@dsl.component
def numbers(count: int) -> List[int]:
    return list(range(1, count + 1))

@dsl.component
def pairs() -> List[Dict[str, str]]:
    return [{"first": "a", "second": "x"}, {"first": "b", "second": "y"}]

@dsl.component
def square(number: int) -> int:
    return number * number

@dsl.component
def total(ledger: str, numbers: List[int]) -> float:
    with open(ledger, "a") as file:
        file.write(f"total {[int(one) for one in numbers]}\\n")
    return float(sum(numbers))

@dsl.component
def write(text: str, data: Output[Dataset], metrics: Output[Metrics]):
    with open(data.path, "w") as file:
        file.write(text)
    data.metadata["length"] = len(text)
    metrics.log_metric("accuracy", 0.5)

@dsl.component
def read(ledger: str, data: Input[Dataset]) -> str:
    with open(data.path) as file, open(ledger, "a") as out:
        text = file.read()
        out.write(f"read {text} {int(data.metadata['length'])}\\n")
    return text

@dsl.component
def join(ledger: str, datas: Input[List[Dataset]]):
    with open(ledger, "a") as out:
        out.write("join " + ",".join(open(one.path).read() for one in datas) + "\\n")

@dsl.component
def several(x: float) -> NamedTuple("Several", [("half", float), ("words", list), ("flag", bool)]):
    return (x / 2, ["a", "b"], x > 1)

@dsl.component
def fail(message: str):
    raise RuntimeError(message)

@dsl.component
def flaky(counter: str) -> str:
    with open(counter, "a") as file:
        file.write("try\\n")
    with open(counter) as file:
        tries = len(file.readlines())
    assert tries > 2
    return f"after {tries}"

@dsl.component
def last(ledger: str, status: dsl.PipelineTaskFinalStatus):
    with open(ledger, "a") as file:
        file.write(f"last {status.state} {status.pipeline_task_name}\\n")

"""

PIPELINES = {
    "values": """
@dsl.pipeline
def pipeline(ledger: str, x: float = 3.0) -> str:
    parts = several(x=x)
    note(ledger=ledger, text=f"half is {parts.outputs['half']}", extra="e")
    made = write(text="hello")
    return read(ledger=ledger, data=made.outputs["data"]).output
""",
    "loops": """
@dsl.pipeline
def pipeline(ledger: str, count: int = 3) -> float:
    with dsl.ParallelFor(numbers(count=count).output) as number:
        squared = square(number=number)
        write_it = write(text="t")
    with dsl.ParallelFor(["a", "b"], parallelism=1) as outer:
        with dsl.ParallelFor([1, 2]) as inner:
            note(ledger=ledger, text=outer, number=inner)
    join(ledger=ledger, datas=dsl.Collected(write_it.outputs["data"]))
    return total(ledger=ledger, numbers=dsl.Collected(squared.output)).output
""",
    "parts": """
@dsl.pipeline
def pipeline(ledger: str):
    with dsl.ParallelFor(pairs().output) as pair:
        note(ledger=ledger, text=pair.first, extra=pair.second)
""",
    "branches": """
@dsl.pipeline
def pipeline(ledger: str, count: int = 3, who: str = "me") -> str:
    squared = square(number=count)
    with dsl.If(squared.output > 100):
        big = note(ledger=ledger, text="big")
    with dsl.Elif(squared.output > 5):
        middle = note(ledger=ledger, text="middle")
        with dsl.If(who == "me"):
            note(ledger=ledger, text="mine")
        with dsl.If(who != "me"):
            note(ledger=ledger, text="not mine")
    with dsl.Else():
        small = note(ledger=ledger, text="small")
    return dsl.OneOf(big.output, middle.output, small.output)
""",
    "handled": """
@dsl.pipeline
def pipeline(ledger: str):
    with dsl.ExitHandler(last(ledger=ledger)):
        note(ledger=ledger, text="body")
""",
    "retried": """
@dsl.pipeline
def pipeline(ledger: str, counter: str) -> str:
    task = flaky(counter=counter).set_retry(3, backoff_duration="0s").set_caching_options(False)
    return note(ledger=ledger, text=task.output).output
""",
    "failing": """
@dsl.pipeline
def pipeline(ledger: str):
    with dsl.ExitHandler(last(ledger=ledger)):
        failed = fail(message="no good")
        note(ledger=ledger, text="never").after(failed)
        anyway = note(ledger=ledger, text="anyway", number=1, extra="x").after(failed)
        anyway.ignore_upstream_failure()
""",
}

# Left out where kfp.local is wrong: it makes whole numbers in lists and metadata floats, and takes
# the parts of a loop's items from the wrong loop when they come from a step.
CASES: list[tuple[str, dict[str, Any]]] = [
    ("values", {}),
    ("loops", {"count": 2}),
    ("branches", {}),
    ("branches", {"count": 1, "who": "you"}),
    ("handled", {}),
]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    yield from start_oracle()


@pytest.fixture(scope="module")
def compiled(oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each pipeline as the SDK compiles it."""
    folder, found = tmp_path_factory.mktemp("kfp"), {}
    for name, text in PIPELINES.items():
        (folder / f"{name}.py").write_text(COMPONENTS + text)
        found[name] = folder / f"{name}.yaml"
        oracle.ask("compile", path=str(folder / f"{name}.py"), target=str(found[name]))
    return found


def run(path: Path, folder: Path, **parameters: Any) -> RunRecord:
    (spec,) = yaml.safe_load_all(path.read_text())
    ledger = {"ledger": str(folder / "ledger")}
    return run_pipeline(
        spec, None, {**ledger, **parameters}, workdir=folder, environment=str(oracle_python())
    )


def lines(folder: Path) -> list[str]:
    return sorted((folder / "ledger").read_text().splitlines())


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_same_as_kfp_s_own_runner(
    oracle: Oracle, compiled: dict[str, Path], tmp_path: Path, name: str, parameters: Any
) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    ours.mkdir()
    oracle.ask(
        "run",
        path=str(compiled[name]),
        root=str(tmp_path / "root"),
        arguments={"ledger": str(theirs / "ledger"), **parameters},
        python=str(oracle_python()),
        workdir=str(theirs),
    )
    record = run(compiled[name], ours, **parameters)
    assert record.state == "SUCCEEDED", [str(one.error) for one in record.steps if one.error]
    assert lines(ours) == lines(theirs)


def test_outputs_metrics_and_the_cache(compiled: dict[str, Path], tmp_path: Path) -> None:
    record = run(compiled["values"], tmp_path)
    assert record.outputs == {"Output": "hello"}
    assert record.metrics == {"accuracy": 0.5}
    assert lines(tmp_path) == ["half is 1.5 0 e", "read hello 5"]
    again = run(compiled["values"], tmp_path)
    assert {one.cached for one in again.steps} == {True}
    assert again.outputs == record.outputs


def test_a_collected_list_is_in_order(compiled: dict[str, Path], tmp_path: Path) -> None:
    record = run(compiled["loops"], tmp_path, count=3)
    assert record.outputs == {"Output": 14.0}
    assert "total [1, 4, 9]" in lines(tmp_path)
    assert "join t,t,t" in lines(tmp_path)


def test_the_parts_of_items_that_a_step_gave(compiled: dict[str, Path], tmp_path: Path) -> None:
    assert run(compiled["parts"], tmp_path).state == "SUCCEEDED"
    assert lines(tmp_path) == ["a 0 x", "b 0 y"]


def test_retries(compiled: dict[str, Path], tmp_path: Path) -> None:
    record = run(compiled["retried"], tmp_path, counter=str(tmp_path / "counter"))
    assert record.outputs == {"Output": "after 3 0 None"}
    assert {one.name: one.retries for one in record.steps} == {"flaky": 2, "note": 0}


def test_a_failure_its_exit_handler_and_who_ignores_it(
    compiled: dict[str, Path], tmp_path: Path
) -> None:
    record = run(compiled["failing"], tmp_path)
    assert record.state == "FAILED"
    assert states(record) == {
        "fail": "FAILED", "note": "SKIPPED", "note-2": "SUCCEEDED", "last": "SUCCEEDED",
    }  # fmt: skip
    assert lines(tmp_path) == ["anyway 1 x", "last FAILED exit-handler-1"]
    (failed,) = [one for one in record.steps if one.name == "fail"]
    assert "RuntimeError: no good" in str(failed.error)
    assert "RuntimeError: no good" in Store().log(record.run_id, "fail")


def test_an_environment_without_kfp_is_refused_before_the_run(compiled: dict[str, Path]) -> None:
    (spec,) = yaml.safe_load_all(compiled["values"].read_text())
    with pytest.raises(LabwrightError, match=r"needs kfp.*-m pip install kfp"):
        check_pipeline(spec)
    (remark,) = check_pipeline(spec, environment=str(oracle_python()))
    assert remark.code == "image-not-used"
