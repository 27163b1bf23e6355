"""What a pipeline spec means, whoever compiled it: to compare ours with the kfp SDK's.

Group names, the names of values on their way through groups and the order of keys carry no
meaning; where each input comes from in the end does.
"""

from __future__ import annotations

import re
from typing import Any

from labwright.pipeline.program import decode

Json = dict[str, Any]


def shape(spec: Json) -> Json:
    """The tree of tasks, with the final source of each input."""
    return _Shape(spec).dag(spec["root"], [])


def executors(spec: Json) -> Json:
    """Containers, their programs decoded."""
    found = {}
    for label, executor in spec["deploymentSpec"]["executors"].items():
        container = dict(executor["container"])
        args = container.pop("args")
        program = decode(args[args.index("--program") + 1])
        for key in ("outputs", "values"):
            program.pop(key, None)  # the SDK needs other names for them
        found[label] = {**container, "program": program, "rest": args[2:]}
    return found


class _Shape:
    def __init__(self, spec: Json) -> None:
        self.components = spec["components"]
        self.parents: dict[int, Json] = {}

    def dag(self, component: Json, outer: list[tuple[Json, Json]]) -> Json:
        """`outer`: pairs of (component, the task that stands for it in the next outer one)."""
        tasks = component["dag"]["tasks"]
        return {
            self._name(key, task): self._task(task, component, outer) for key, task in tasks.items()
        }

    def _name(self, key: str, task: Json) -> str:
        """A group is called by what is in it."""
        component = self.components[task["componentRef"]["name"]]
        if "dag" not in component:
            return key
        inner = component["dag"]["tasks"]
        kind = re.sub(r"-\d+$", "", key)
        return f"{kind}({', '.join(sorted(self._name(k, t) for k, t in inner.items()))})"

    def _task(self, task: Json, parent: Json, outer: list[tuple[Json, Json]]) -> Json:
        component = self.components[task["componentRef"]["name"]]
        siblings = parent["dag"]["tasks"]
        shown: Json = {
            "waits": sorted(self._name(n, siblings[n]) for n in task.get("dependentTasks", [])),
            "retry": task.get("retryPolicy"),
            "strategy": task.get("triggerPolicy", {}).get("strategy"),
        }
        inputs = task.get("inputs", {})
        sources = {
            name: self._source(given, parent, outer)
            for channel in ("artifacts", "parameters")
            for name, given in inputs.get(channel, {}).items()
        }
        if "dag" not in component:
            definitions = component.get("inputDefinitions", {})
            shown["cached"] = bool(task["cachingOptions"])
            shown["inputs"] = sources
            shown["types"] = {
                name: declared
                for channel in ("artifacts", "parameters")
                for name, declared in definitions.get(channel, {}).items()
            }
            return shown
        if condition := task.get("triggerPolicy", {}).get("condition"):
            named = re.sub(
                r"inputs\.parameter_values\['([^']+)'\]",
                lambda found: f"<{sources[found[1]]}>",
                condition,
            )
            # Casts and the form of a number are the compiler's taste: every number is a double.
            for cast in (r"int\((<[^>]*>)\)", r"double\((<[^>]*>|[\d.]+)\)"):
                named = re.sub(cast, r"\1", named)
            shown["condition"] = re.sub(r"(?<![\w.])(\d+)\.0\b", r"\1", named)
        if loop := task.get("parameterIterator"):
            items = loop["items"]
            shown["items"] = items.get("raw") or sources[items["inputParameter"]]
        shown["inside"] = self.dag(component, [(parent, task), *outer])
        return shown

    def _source(self, given: Json, component: Json, outer: list[tuple[Json, Json]]) -> str:
        """Where an input comes from in the end."""
        if status := given.get("taskFinalStatus"):
            task = status["producerTask"]
            return "status of " + self._name(task, component["dag"]["tasks"][task])
        if "runtimeValue" in given:
            return repr(given["runtimeValue"])
        for kind, key, channel in (
            ("taskOutputArtifact", "outputArtifactKey", "artifacts"),
            ("taskOutputParameter", "outputParameterKey", "parameters"),
        ):
            if kind in given:
                task = given[kind]["producerTask"]
                return self._producer(task, given[kind][key], channel, component)
        name = given.get("componentInputArtifact") or given.get("componentInputParameter")
        if not outer:
            return f"parameter {name}"
        (parent, task), *rest = outer
        if task.get("parameterIterator", {}).get("itemInput") == name:
            return "item"
        inputs = task["inputs"]
        found = inputs.get("artifacts", {}).get(name) or inputs.get("parameters", {})[name]
        return self._source(found, parent, rest)

    def _producer(self, task: str, key: str, channel: str, component: Json) -> str:
        inner = self.components[component["dag"]["tasks"][task]["componentRef"]["name"]]
        if "dag" not in inner:
            return f"{task}.{re.sub(r'_out$', '', re.sub(r'^.*__items$', 'Output', key))}"
        selected = inner["dag"]["outputs"][channel][key]
        if channel == "artifacts":
            (selector,) = selected["artifactSelectors"]
            found = selector["producerSubtask"], selector["outputArtifactKey"]
        else:
            selector = selected["valueFromParameter"]
            found = selector["producerSubtask"], selector["outputParameterKey"]
        looped = "parameterIterator" in component["dag"]["tasks"][task]
        text = self._producer(*found, channel, inner)
        return f"all {text}" if looped else text
