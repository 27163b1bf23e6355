"""KFP IR written by hand: steps are small Python programs, as any compiler could have made them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labwright.targets.local.record import RunRecord

PRELUDE = """
import json, os, sys
E = json.loads(sys.argv[1])
P = E["inputs"].get("parameterValues", {})
A = {k: [a["uri"] for a in v["artifacts"]] for k, v in E["inputs"].get("artifacts", {}).items()}
OUT = {k: v["artifacts"][0]["uri"] for k, v in E["outputs"].get("artifacts", {}).items()}
G = {}
def give(**values): G.update(values)
def make(name, text):
    with open(OUT[name], "w") as f: f.write(text)
def text(name): return open(A[name][0]).read()
def ledger(path, line):
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, (line + "\\n").encode()); os.close(fd)
def finish():
    new = E["outputs"]["outputFile"] + ".new"
    with open(new, "w") as f: json.dump({"parameterValues": G}, f)
    os.replace(new, E["outputs"]["outputFile"])
"""

Json = dict[str, Any]
Run = Callable[..., RunRecord]


class IR:
    """Builds a pipeline step by step. Types are STRING unless said; constants are JSON values."""

    def __init__(self, name: str = "by-hand", /, **parameters: Any) -> None:
        self.components: Json = {}
        self.executors: Json = {}
        self.root: Json = {"dag": {"tasks": {}}}
        self.name = name
        if parameters:
            self.root["inputDefinitions"] = {
                "parameters": {key: typed(value) for key, value in parameters.items()}
            }

    def step(
        self,
        name: str,
        source: str = "",
        *,
        dag: Json | None = None,
        inputs: Json | None = None,
        artifacts: Json | None = None,
        outputs: Json | None = None,
        makes: tuple[str, ...] = (),
        after: tuple[str, ...] = (),
        types: Json | None = None,
        container: Json | None = None,
        cache: bool = False,
        finish: bool = True,
        **task: Any,
    ) -> Json:
        """Add a step to a graph (the root's unless given). Its task can be changed afterwards."""
        types = types or {}
        artifacts = artifacts or {}
        self.executors[f"exec-{name}"] = {
            "container": {
                "image": "",
                "command": ["python3", "-u", "-c", PRELUDE + source + ("\nfinish()" * finish)],
                "args": ["{{$}}"],
                **(container or {}),
            }
        }
        self.components[f"comp-{name}"] = without_empty(
            executorLabel=f"exec-{name}",
            inputDefinitions=without_empty(
                parameters={k: {"parameterType": types.get(k, "STRING")} for k in inputs or {}},
                artifacts={k: artifact(isArtifactList=k in types) for k in artifacts},
            ),
            outputDefinitions=without_empty(
                parameters={k: {"parameterType": v} for k, v in (outputs or {}).items()},
                artifacts={k: artifact() for k in makes},
            ),
        )
        made = without_empty(
            taskInfo={"name": name},
            componentRef={"name": f"comp-{name}"},
            inputs=without_empty(
                parameters={k: source_of(v) for k, v in (inputs or {}).items()},
                artifacts={k: artifact_of(v) for k, v in artifacts.items()},
            ),
            dependentTasks=list(after),
            cachingOptions={"enableCache": True} if cache else {},
            **task,
        )
        (dag or self.root["dag"])["tasks"][name] = made
        return made

    def group(
        self,
        name: str,
        *,
        dag: Json | None = None,
        inputs: Json | None = None,
        types: Json | None = None,
        after: tuple[str, ...] = (),
        outputs: Json | None = None,
        makes: Json | None = None,
        **task: Any,
    ) -> Json:
        """Add a sub-graph; gives it, to add steps to. `outputs`: name -> (task, key) or several."""
        types = types or {}
        body: Json = {"tasks": {}}
        if outputs or makes:
            body["outputs"] = without_empty(
                parameters={k: selector(v) for k, v in (outputs or {}).items()},
                artifacts={
                    k: {
                        "artifactSelectors": [
                            {"producerSubtask": t, "outputArtifactKey": o}
                            for t, o in (v if isinstance(v, list) else [v])
                        ]
                    }
                    for k, v in (makes or {}).items()
                },
            )
        items = task.get("parameterIterator", {}).get("itemInput")
        known = [*(inputs or {}), *([items] if items else [])]
        self.components[f"comp-{name}"] = without_empty(
            dag=body,
            inputDefinitions=without_empty(
                parameters={k: {"parameterType": types.get(k, "STRING")} for k in known}
            ),
            outputDefinitions=without_empty(
                parameters={k: {"parameterType": types.get(k, "STRING")} for k in outputs or {}},
                artifacts={k: artifact(isArtifactList=k in types) for k in makes or {}},
            ),
        )
        (dag or self.root["dag"])["tasks"][name] = without_empty(
            taskInfo={"name": name},
            componentRef={"name": f"comp-{name}"},
            inputs=without_empty(parameters={k: source_of(v) for k, v in (inputs or {}).items()}),
            dependentTasks=list(after),
            **task,
        )
        return body

    def exit_step(self, name: str, source: str, follows: str, **more: Any) -> Json:
        """Add the task of an exit handler: it runs last, and is told how the others ended."""
        status = {"taskFinalStatus": {"producerTask": follows}}
        return self.step(
            name,
            source,
            inputs={"status": status},
            types={"status": "TASK_FINAL_STATUS"},
            after=(follows,),
            **ALWAYS,
            **more,
        )

    def output(self, name: str, chosen: Any) -> None:
        """Have the pipeline give a task's output parameter."""
        outputs = self.root["dag"].setdefault("outputs", {"parameters": {}})
        outputs["parameters"][name] = selector(chosen)

    @property
    def spec(self) -> Json:
        return {
            "pipelineInfo": {"name": self.name},
            "schemaVersion": "2.1.0",
            "sdkVersion": "by-hand",
            "components": self.components,
            "deploymentSpec": {"executors": self.executors},
            "root": self.root,
        }


class Parent(str):
    """An input of the enclosing graph."""


class From(tuple[str, str]):
    """A task's output: From(("task", "key"))."""


def loop(items: Any, item: str = "item", limit: int = 0) -> Json:
    """The iterator of a group: literal items, or the name of the input that holds them."""
    import json

    chosen = {"inputParameter": items} if isinstance(items, str) else {"raw": json.dumps(items)}
    policy = {"iteratorPolicy": {"parallelismLimit": limit}} if limit else {}
    return {"parameterIterator": {"itemInput": item, "items": chosen}, **policy}


def when(condition: str) -> Json:
    return {"triggerPolicy": {"condition": condition}}


def value(name: str) -> str:
    return f"inputs.parameter_values['{name}']"


ALWAYS: Json = {"triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}}


def typed(value: Any) -> Json:
    kinds = {str: "STRING", bool: "BOOLEAN", int: "NUMBER_INTEGER", float: "NUMBER_DOUBLE"}
    kinds |= {list: "LIST", dict: "STRUCT"}
    return {"parameterType": kinds[type(value)], "defaultValue": value, "isOptional": True}


def source_of(source: Any) -> Json:
    if isinstance(source, dict) and "taskFinalStatus" in source:
        return source
    if isinstance(source, Parent):
        name, _, key = source.partition("#")
        found: Json = {"componentInputParameter": name}
        if key:
            found["parameterExpressionSelector"] = f'parseJson(string_value)["{key}"]'
        return found
    if isinstance(source, From):
        return {"taskOutputParameter": {"producerTask": source[0], "outputParameterKey": source[1]}}
    return {"runtimeValue": {"constant": source}}


def artifact_of(source: Any) -> Json:
    if isinstance(source, Parent):
        return {"componentInputArtifact": str(source)}
    return {"taskOutputArtifact": {"producerTask": source[0], "outputArtifactKey": source[1]}}


def selector(chosen: Any) -> Json:
    if isinstance(chosen, list):
        several = [{"producerSubtask": t, "outputParameterKey": k} for t, k in chosen]
        return {"valueFromOneof": {"parameterSelectors": several}}
    task, key = chosen
    return {"valueFromParameter": {"producerSubtask": task, "outputParameterKey": key}}


def artifact(isArtifactList: bool = False) -> Json:
    kind: Json = {"artifactType": {"schemaTitle": "system.Artifact", "schemaVersion": "0.0.1"}}
    return {**kind, "isArtifactList": True} if isArtifactList else kind


def without_empty(**parts: Any) -> Json:
    return {key: part for key, part in parts.items() if part}


def states(record: RunRecord) -> dict[str, str]:
    """The state of each step, or of each turn of it."""
    return {
        one.name if one.iteration is None else f"{one.name}[{one.iteration}]": one.state
        for one in record.steps
    }
