"""From what the notebook says (plan) and what its code does (flow) to a Pipeline."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..dataflow.model import Condition, Flow, StepFlow
from ..errors import LabwrightError
from ..notebook.model import NotebookPlan, Parameter, ParameterType
from .environment import step_environment
from .loops import foreach
from .model import (
    HTML_ARTIFACT,
    METRICS_ARTIFACT,
    NOTEBOOK_ARTIFACT,
    ArtifactInput,
    Component,
    IRType,
    Operand,
    Pipeline,
    Retry,
    Source,
    Step,
    TypedParameter,
    When,
)
from .names import artifact_key
from .program import WORKDIR, WORKSPACE, artifact_map, step_program
from .values import Interface, read_interface

if TYPE_CHECKING:
    from ..notebook.settings import StepSettings

_IR_TYPES: dict[ParameterType, IRType] = {
    "int": "NUMBER_INTEGER",
    "float": "NUMBER_DOUBLE",
    "str": "STRING",
    "bool": "BOOLEAN",
    "list": "LIST",
    "dict": "STRUCT",
}


def build_pipeline(
    plan: NotebookPlan, flow: Flow, *, to_python: Callable[[str], str] | None = None
) -> Pipeline:
    """The pipeline of a notebook. `to_python` turns IPython syntax into Python."""
    if to_python is None:
        from ..notebook.ipython import to_python as ipython_to_python

        to_python = ipython_to_python
    parameters = {p.name: _parameter(p) for p in plan.parameters}
    interface = read_interface(flow, parameters)
    settings = {step.name: step.settings for step in plan.steps}
    return Pipeline(
        name=plan.name,
        description=plan.settings.description or "",
        experiment=plan.settings.experiment,
        parameters=tuple(parameters.values()),
        steps=tuple(
            _Builder(plan, step, settings[step.tag], interface, parameters, to_python).step()
            for step in flow.steps
        ),
    )


def _parameter(parameter: Parameter) -> TypedParameter:
    return TypedParameter(parameter.name, _IR_TYPES[parameter.type], parameter.default)


class _Builder:
    """One step."""

    def __init__(
        self,
        plan: NotebookPlan,
        flow: StepFlow,
        settings: StepSettings,
        interface: Interface,
        parameters: dict[str, TypedParameter],
        to_python: Callable[[str], str],
    ) -> None:
        self.plan = plan
        self.flow = flow
        self.settings = settings
        self.interface = interface
        self.parameters = parameters
        self.to_python = to_python
        self.where = f"step `{flow.name}`"
        self.foreach = foreach(flow.loop, interface, parameters, self.where) if flow.loop else None

    def step(self) -> Step:
        retry = self.settings.retry
        timeout = self.settings.timeout
        return Step(
            component=self._component(),
            after=self.flow.after,
            conditions=tuple(self._when(c) for c in self.flow.conditions),
            foreach=self.foreach,
            finally_=self.flow.finally_,
            retry=Retry(retry.count, retry.backoff, retry.factor, retry.max)
            if retry and retry.count
            else None,
            timeout=math.ceil(timeout) if timeout else None,
            cache=self.settings.cache,
        )

    def _component(self) -> Component:
        environment = step_environment(self.settings, self.where)
        parameters, inputs = self._inputs()
        values = self.interface.values(self.flow.name)
        outputs = [artifact_key(v) for v in self.flow.outputs]
        outputs += [NOTEBOOK_ARTIFACT, HTML_ARTIFACT]
        if self.flow.metrics:
            outputs.append(METRICS_ARTIFACT)
        program = step_program(self.plan, self.flow, self.to_python) | {
            "parameters": {p.name: p.type for p in parameters},
            # By them the runtime tells 1 from 1.0 again.
            "defaults": {
                p.name: p.default
                for p in parameters
                if p.type in ("LIST", "STRUCT")
                or (p.type == "NUMBER_DOUBLE" and isinstance(p.default, int))
            },
            "inputs": {i.variable: i.key for i in inputs},
            "collected": [i.variable for i in inputs if i.collected],
            "outputs": artifact_map(self.flow.outputs),
            "values": {v.variable: [v.key, v.type] for v in values},
            "packages": list(environment.packages),
            "timeout": self.settings.timeout,
            "workdir": WORKDIR,
            "links": {v.mount: f"{WORKSPACE}/{v.name}" for v in environment.volumes if v.size},
            "status": self.flow.finally_,
            "soft_when": self.flow.soft_when,
            "soft_inputs": self._soft_inputs(),
            "loop_item": self.foreach.form if self.foreach else None,
            "loop_like": self.foreach.like if self.foreach else None,
        }
        return Component(
            name=self.flow.name,
            # What is left out is nothing: empty, off or not asked for.
            program={k: v for k, v in program.items() if v or (k == "loop_like" and v is not None)},
            environment=environment,
            parameters=tuple(parameters),
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            values=values,
        )

    def _inputs(self) -> tuple[list[TypedParameter], list[ArtifactInput]]:
        parameters = [self.parameters[i.name] for i in self.flow.inputs if i.source is None]
        inputs = []
        for item in self.flow.inputs:
            if item.source is None:
                continue
            if self.flow.finally_:
                raise LabwrightError(
                    f"it reads `{item.name}` of step `{item.source}`, which may not have run",
                    where=f"{self.where} (finally)",
                    hint="a finally step can read parameters, files and `pipeline_status`",
                )
            inputs.append(
                ArtifactInput(
                    key=artifact_key(item.name),
                    variable=item.name,
                    source=Source(item.source, artifact_key(item.name)),
                    collected=self.interface.loops(item.source),
                )
            )
        return parameters, inputs

    def _when(self, condition: Condition) -> When:
        return When(
            condition.expression,
            tuple(
                Operand(i.name, *self.interface.operand(i, self.parameters))
                for i in condition.inputs
            ),
        )

    def _soft_inputs(self) -> list[str]:
        """The inputs that the condition decided inside the step reads."""
        if self.flow.soft_when is None:
            return []
        tree = ast.parse(self.flow.soft_when.strip(), mode="eval")
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        return [i.name for i in self.flow.inputs if i.name in names]
