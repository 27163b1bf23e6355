"""Parallel branches, conditions, loops, collected outputs, exit handlers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.targets.local.store import Store

from .ir_by_hand import ALWAYS, IR, From, Parent, Run, loop, states, value, when

INT = "NUMBER_INTEGER"


def test_values_pass_from_step_to_step(run: Run) -> None:
    ir = IR(lr=0.5)
    ir.step(
        "a",
        "give(x=P['lr'] * 2); make('data', 'hello')",
        inputs={"lr": Parent("lr")},
        types={"lr": "NUMBER_DOUBLE"},
        outputs={"x": "NUMBER_DOUBLE"},
        makes=("data",),
    )
    ir.step(
        "b",
        "give(y=text('data') + str(P['x']))",
        inputs={"x": From(("a", "x"))},
        types={"x": "NUMBER_DOUBLE"},
        artifacts={"data": From(("a", "data"))},
        outputs={"y": "STRING"},
    )
    ir.output("y", ("b", "y"))
    assert run(ir).outputs == {"y": "hello1.0"}
    record = run(ir, {"lr": "0.25"})
    assert record.outputs == {"y": "hello0.5"}
    assert record.parameters == {"lr": 0.25}
    assert record.steps[1].inputs[0]["from"] == "a"
    made = record.steps[0].outputs[0]
    assert (made["name"], made["bytes"]) == ("data", 5)
    with open(made["path"]) as file:
        assert file.read() == "hello"


def test_branches_run_at_the_same_time(run: Run) -> None:
    ir = IR()
    meet = """
import time
open(P['name'], 'w').close()
deadline = time.monotonic() + 20
while not os.path.exists(P['other']):
    assert time.monotonic() < deadline, 'nobody came'
    time.sleep(0.01)
"""
    ir.step("one", meet, inputs={"name": "one", "other": "two"})
    ir.step("two", meet, inputs={"name": "two", "other": "one"})
    assert run(ir, parallel=2).state == "SUCCEEDED"
    ir = IR()
    for name in "abc":
        ir.step(name, "import time; time.sleep(0.05)")
    record = run(ir, parallel=1)
    times = sorted((one.started_at or "", one.finished_at or "") for one in record.steps)
    assert all(end <= start for (_, end), (start, _) in pairwise(times))


def nested_conditions() -> IR:
    ir = IR(x=3.0, name="heads")
    big = f"{value('x')} > 2.5 && {value('name')} in ['heads', 'tails']"
    outer = ir.group(
        "outer",
        inputs={"x": Parent("x"), "name": Parent("name")},
        types={"x": "NUMBER_DOUBLE"},
        **when(big),
    )
    ir.step("in-outer", "", dag=outer)
    for name, condition in (("yes", "=="), ("no", "!=")):
        inner = ir.group(
            f"inner-{name}",
            dag=outer,
            inputs={"name": Parent("name")},
            **when(f"{value('name')} {condition} 'heads'"),
        )
        ir.step(name, "", dag=inner)
    ir.step("after-no", "", dag=outer, after=("inner-no",))
    ir.step("after-all", "", after=("outer",))
    return ir


def test_conditions_nest_and_a_skipped_step_stops_those_after_it(run: Run) -> None:
    every = {"in-outer", "yes", "no", "after-no", "after-all"}
    record = run(nested_conditions())
    assert record.state == "SUCCEEDED"
    skipped = {name for name, state in states(record).items() if state == "SKIPPED"}
    assert skipped == {"no", "after-no"}
    assert set(states(record)) == every
    record = run(nested_conditions(), {"x": 1.0})
    assert record.state == "SUCCEEDED"
    assert set(states(record).values()) == {"SKIPPED"}


def test_a_condition_that_makes_no_sense_fails_the_run_with_its_words(run: Run) -> None:
    ir = IR(name="heads")
    body = ir.group("group", inputs={"name": Parent("name")}, **when(f"{value('name')} > 3"))
    ir.step("inner", "", dag=body)
    record = run(ir)
    assert record.state == "FAILED"
    assert "cannot compare 'heads' with 3" in record.diagnostics[-1].message
    assert states(record) == {"inner": "SKIPPED"}


def square_loop(ir: IR, items: Any, dag: Any = None, **more: Any) -> None:
    inputs = {items: more.pop("given")} if isinstance(items, str) else None
    body = ir.group(
        "each",
        dag=dag,
        inputs=inputs,
        types={"item": INT, "items": "LIST", "squares": "LIST", "texts": "LIST"},
        outputs={"squares": ("square", "square")},
        makes={"texts": ("square", "text")},
        **loop(items, limit=more.pop("limit", 0)),
    )
    ir.step(
        "square",
        more.pop("first", "") + "give(square=P['item'] ** 2); make('text', str(P['item']))",
        dag=body,
        inputs={"item": Parent("item")},
        types={"item": INT},
        outputs={"square": INT},
        makes=("text",),
    )


def collect(ir: IR) -> None:
    ir.step(
        "collect",
        "give(all=[P['squares'], [open(one).read() for one in A['texts']]])",
        inputs={"squares": From(("each", "squares"))},
        types={"squares": "LIST", "texts": True},
        artifacts={"texts": From(("each", "texts"))},
        outputs={"all": "LIST"},
    )
    ir.output("all", ("collect", "all"))


def test_a_loop_over_literal_items_collects_in_order(run: Run) -> None:
    ir = IR()
    # The later an item, the sooner its turn ends.
    square_loop(ir, [1, 2, 3], first="import time; time.sleep(0.3 - P['item'] / 10)\n")
    collect(ir)
    record = run(ir, parallel=3)
    assert record.outputs == {"all": [[1, 4, 9], ["1", "2", "3"]]}
    assert states(record) == {
        **{f"square[{n}]": "SUCCEEDED" for n in range(3)},
        "collect": "SUCCEEDED",
    }
    assert [one.dir.name for one in record.steps if one.dir] == [
        "square-0", "square-1", "square-2", "collect",
    ]  # fmt: skip


def test_a_loop_over_a_parameter_and_over_nothing(run: Run) -> None:
    ir = IR(items=[2, 3])
    square_loop(ir, "items", given=Parent("items"))
    collect(ir)
    assert run(ir).outputs == {"all": [[4, 9], ["2", "3"]]}
    record = run(ir, {"items": []})
    assert record.outputs == {"all": [[], []]}
    assert states(record) == {"collect": "SUCCEEDED"}
    with pytest.raises(LabwrightError, match="'items' is 3, which is no LIST"):
        run(ir, {"items": 3})


def test_a_loop_over_a_step_s_output(run: Run) -> None:
    ir = IR()
    ir.step("make", "give(items=[5, 6])", outputs={"items": "LIST"})
    square_loop(ir, "items", given=From(("make", "items")))
    collect(ir)
    assert run(ir).outputs == {"all": [[25, 36], ["5", "6"]]}


def test_a_loop_s_limit_holds(run: Run) -> None:
    ir = IR()
    square_loop(ir, [1, 2, 3], limit=1, first="import time; time.sleep(0.05)\n")
    record = run(ir, parallel=3)
    times = sorted((one.started_at or "", one.finished_at or "") for one in record.steps)
    assert all(end <= start for (_, end), (start, _) in pairwise(times))


def test_loops_nest_with_parts_of_items_and_conditions_in_them(run: Run) -> None:
    ir = IR()
    outer = ir.group(
        "outer",
        types={"all": "LIST"},
        outputs={"all": ("inner", "all")},
        **loop([{"name": "a", "numbers": [1, 2]}, {"name": "b", "numbers": [3]}], item="pair"),
    )
    inner = ir.group(
        "inner",
        dag=outer,
        inputs={"numbers": Parent("pair#numbers"), "name": Parent("pair#name")},
        types={"numbers": "LIST", "n": INT, "all": "LIST"},
        outputs={"all": ("say", "said")},
        **loop("numbers", item="n"),
    )
    ir.step(
        "say",
        "give(said=P['name'] + str(P['n']))",
        dag=inner,
        inputs={"name": Parent("name"), "n": Parent("n")},
        types={"n": INT},
        outputs={"said": "STRING"},
    )
    odd = ir.group(
        "odd", dag=inner, inputs={"n": Parent("n")}, types={"n": INT},
        **when(f"int({value('n')}) % 2 == 1"),
    )  # fmt: skip
    ir.step("only-odd", "", dag=odd)
    ir.output("all", ("outer", "all"))
    record = run(ir)
    assert record.outputs == {"all": [["a1", "a2"], ["b3"]]}
    assert states(record) == {
        "say[0.0]": "SUCCEEDED",
        "say[0.1]": "SUCCEEDED",
        "say[1.0]": "SUCCEEDED",
        "only-odd[0.0]": "SUCCEEDED",
        "only-odd[0.1]": "SKIPPED",
        "only-odd[1.0]": "SUCCEEDED",
    }


def test_one_failed_turn_fails_the_loop_and_the_others_go_on(run: Run) -> None:
    ir = IR()
    square_loop(ir, [0, 1, 2], first="1 / P['item']\n")
    collect(ir)
    record = run(ir)
    assert record.state == "FAILED"
    assert states(record) == {
        "square[0]": "FAILED",
        "square[1]": "SUCCEEDED",
        "square[2]": "SUCCEEDED",
        "collect": "SKIPPED",
    }


@pytest.mark.parametrize("flag", [True, False])
def test_one_of_two_branches_gives_the_output(run: Run, flag: bool) -> None:
    ir = IR(flag=True)
    both = ir.group(
        "branches",
        inputs={"flag": Parent("flag")},
        types={"flag": "BOOLEAN"},
        outputs={"said": [("if", "said"), ("else", "said")]},
        makes={"file": [("if", "file"), ("else", "file")]},
    )
    for name, condition in (
        ("if", f"{value('flag')} == true"),
        ("else", f"!({value('flag')} == true)"),
    ):
        branch = ir.group(
            name,
            dag=both,
            inputs={"flag": Parent("flag")},
            types={"flag": "BOOLEAN"},
            outputs={"said": (f"say-{name}", "said")},
            makes={"file": (f"say-{name}", "file")},
            **when(condition),
        )
        ir.step(
            f"say-{name}",
            f"give(said={name!r}); make('file', {name!r})",
            dag=branch,
            outputs={"said": "STRING"},
            makes=("file",),
        )
    ir.step(
        "read",
        "give(both=P['said'] + text('file'))",
        inputs={"said": From(("branches", "said"))},
        artifacts={"file": From(("branches", "file"))},
        outputs={"both": "STRING"},
    )
    ir.output("both", ("read", "both"))
    record = run(ir, {"flag": flag})
    assert record.outputs == {"both": "ifif" if flag else "elseelse"}
    assert states(record)["say-else" if flag else "say-if"] == "SKIPPED"


@pytest.mark.parametrize("works", [True, False])
def test_an_exit_handler_runs_last_and_knows_how_it_went(run: Run, works: bool) -> None:
    ir = IR()
    body = ir.group("exit-handler-1")
    ir.step("work", "" if works else "raise ValueError('no luck')", dag=body)
    ir.step("more", "", dag=body, after=("work",))
    ir.exit_step("last", "print(json.dumps(P['status']))", "exit-handler-1")
    record = run(ir)
    assert record.state == ("SUCCEEDED" if works else "FAILED")
    assert states(record)["last"] == "SUCCEEDED"
    said = Store().log(record.run_id, "last")
    assert ('"state": "SUCCEEDED"' in said) is works
    assert ("no luck" in said) is not works
    assert '"pipelineTaskName": "exit-handler-1"' in said


def test_a_step_may_ignore_that_what_it_follows_failed(run: Run) -> None:
    ir = IR()
    ir.step("bad", "raise SystemExit(3)", outputs={"x": INT})
    ir.step("needs", "", after=("bad",))
    again = ir.step(
        "cleanup", "give(said=P['x'])", inputs={"x": From(("bad", "x"))}, types={"x": INT},
        outputs={"said": INT}, after=("bad",), **ALWAYS,
    )  # fmt: skip
    ir.components["comp-cleanup"]["inputDefinitions"]["parameters"]["x"]["defaultValue"] = 7
    assert again["triggerPolicy"]
    record = run(ir)
    assert states(record) == {"bad": "FAILED", "needs": "SKIPPED", "cleanup": "SUCCEEDED"}
    assert record.steps[2].outputs[0]["preview"] == "7"
    assert record.state == "FAILED"


def test_pipelines_in_pipelines(run: Run) -> None:
    ir = IR()
    inner = ir.group("inner", types={"out": INT}, outputs={"out": ("deep", "out")})
    ir.step("deep", "give(out=4)", dag=inner, outputs={"out": INT})
    twice = ir.group("twice", types={"out": INT}, outputs={"out": ("deep", "out")})
    twice["tasks"]["deep"] = inner["tasks"]["deep"]
    ir.output("one", ("inner", "out"))
    ir.output("two", ("twice", "out"))
    record = run(ir)
    assert record.outputs == {"one": 4, "two": 4}
    # The same name twice: folders say which is which.
    assert sorted(one.dir.name for one in record.steps if one.dir) == ["inner.deep", "twice.deep"]


def test_placeholders_and_commands_that_are_not_python(run: Run) -> None:
    ir = IR(name="world", maybe="x")
    ir.components["comp-echo"] = {
        "executorLabel": "exec-echo",
        "inputDefinitions": {"parameters": {"who": {"parameterType": "STRING"}}},
        "outputDefinitions": {
            "parameters": {"said": {"parameterType": "STRING"}, "n": {"parameterType": INT}},
            "artifacts": {"file": {"artifactType": {"schemaTitle": "system.Artifact"}}},
        },
    }
    script = 'printf "%s" "$0" > "$1"; echo 5 > "$2"; echo made > "$3"; echo "$4"'
    ir.executors["exec-echo"] = {
        "container": {
            "image": "alpine",
            "command": ["sh", "-c", script],
            "args": [
                '{"Concat": ["hello ", "{{$.inputs.parameters[\'who\']}}"]}',
                "{{$.outputs.parameters['said'].output_file}}",
                "{{$.outputs.parameters['n'].output_file}}",
                "{{$.outputs.artifacts['file'].path}}",
                "{{$.pipeline_job_name}} {{$.pipeline_task_name}}",
                '{"IfPresent": {"InputName": "nothing", "Then": ["never"]}}',
            ],
        }
    }
    ir.root["dag"]["tasks"]["echo"] = {
        "taskInfo": {"name": "Echo it"},
        "componentRef": {"name": "comp-echo"},
        "inputs": {
            "parameters": {
                "who": {"runtimeValue": {"constant": "{{$.inputs.parameters['pipe']}}!"}},
                "pipe": {"componentInputParameter": "name"},
            }
        },
    }
    ir.output("said", ("echo", "said"))
    ir.output("n", ("echo", "n"))
    record = run(ir)
    assert record.outputs == {"said": "hello world!", "n": 5}
    assert Store().log(record.run_id, "Echo it") == f"{record.run_id} echo\n"
    assert [one.code for one in record.diagnostics] == ["image-not-used"]


def test_bad_pipelines_and_parameters_are_refused_in_a_sentence(run: Run) -> None:
    ir = IR(lr=0.1)
    ir.step("a", "")
    with pytest.raises(LabwrightError, match=r"no parameter 'lrr'.*did you mean 'lr'"):
        run(ir, {"lrr": 1})
    with pytest.raises(LabwrightError, match="'lr' is 'much', which is no NUMBER_DOUBLE"):
        run(ir, {"lr": "much"})
    del ir.root["inputDefinitions"]["parameters"]["lr"]["defaultValue"]
    ir.root["inputDefinitions"]["parameters"]["lr"]["isOptional"] = False
    with pytest.raises(LabwrightError, match="'lr' has no value"):
        run(ir)
    ir = IR()
    ir.step("a", "", after=("b",))
    ir.step("b", "", after=("a",))
    with pytest.raises(LabwrightError, match="wait for one another: a, b"):
        run(ir)
    ir = IR()
    ir.step("a", "", after=("c",))
    with pytest.raises(LabwrightError, match="waits for 'c', which is not there"):
        run(ir)
    ir = IR()
    ir.step("a", container={"command": [], "args": []})
    with pytest.raises(LabwrightError, match="give it a command"):
        run(ir)


def test_an_importer_gives_a_local_file(run: Run, tmp_path: Any) -> None:
    source = tmp_path / "data.txt"
    source.write_text("imported")
    ir = IR(uri=str(source))
    kind = {"artifactType": {"schemaTitle": "system.Dataset"}}
    ir.components["comp-importer"] = {
        "executorLabel": "exec-importer",
        "inputDefinitions": {"parameters": {"uri": {"parameterType": "STRING"}}},
        "outputDefinitions": {"artifacts": {"artifact": kind}},
    }
    ir.executors["exec-importer"] = {
        "importer": {"artifactUri": {"runtimeParameter": "uri"}, "typeSchema": kind["artifactType"]}
    }
    ir.root["dag"]["tasks"]["importer"] = {
        "taskInfo": {"name": "importer"},
        "componentRef": {"name": "comp-importer"},
        "inputs": {"parameters": {"uri": {"componentInputParameter": "uri"}}},
    }
    ir.step(
        "read", "give(got=text('data'))", artifacts={"data": From(("importer", "artifact"))},
        outputs={"got": "STRING"}, cache=True,
    )  # fmt: skip
    ir.output("got", ("read", "got"))
    assert run(ir).outputs == {"got": "imported"}
    assert run(ir).steps[1].cached
    source.write_text("changed")
    assert run(ir).outputs == {"got": "changed"}
    assert run(ir, {"uri": f"file://{source}"}).outputs == {"got": "changed"}
    record = run(ir, {"uri": "nowhere.txt"})
    assert record.state == "FAILED"
    assert "no such file" in str(record.steps[0].error)


def test_a_run_inside_a_running_event_loop(run: Run) -> None:
    import asyncio

    ir = IR()
    ir.step("a", "")

    async def in_jupyter() -> str:
        return run(ir).state

    assert asyncio.run(in_jupyter()) == "SUCCEEDED"
