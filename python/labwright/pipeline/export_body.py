"""The pipeline function of an exported pipeline: tasks, conditions, loops, settings."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..errors import LabwrightError
from ..notebook.settings import byte_count
from .export_components import PYTHON_TYPES, literal, output_name
from .model import (
    ITEM_PARAMETER,
    WORKSPACE_PARAMETER,
    Environment,
    ForEach,
    Operand,
    Pipeline,
    Source,
    Step,
    TypedParameter,
    When,
)
from .names import task_names
from .platform import pod_deadline
from .program import WORKSPACE
from .tasks import is_cached, retry_policy
from .tree import Group, Leaf, Node, build_tree, depends_on
from .wiring import enclosing

_DECIDE = """\
import json, os, sys
expression, target, *given = sys.argv[1:]
values = {}
for name, kind, text in zip(given[::3], given[1::3], given[2::3]):
    values[name] = text if kind == "str" else json.loads(text)
os.makedirs(os.path.dirname(target), exist_ok=True)
with open(target, "w") as file:
    file.write(json.dumps(bool(eval(expression, {}, values))))
"""


class Body:
    """Writes the function. What kfp has no condition for becomes a component that decides."""

    def __init__(
        self, pipeline: Pipeline, tasks: dict[str, str], functions: dict[str, str]
    ) -> None:
        self.pipeline = pipeline
        self.tasks = tasks
        self.functions = functions
        _, names = task_names(pipeline.name, (step.name for step in pipeline.steps))
        self.root = build_tree(pipeline, tasks, names, {})
        self.leaves = {leaf.step.name: leaf for leaf in self.root.leaves()}
        self._decisions: list[When] = []

    def lines(self) -> Iterator[str]:
        """The function's text."""
        parameters = ", ".join(map(_parameter, self.pipeline.parameters))
        yield f"def pipeline({parameters}):\n"
        yield from self._children(self.root, "    ")

    def decisions(self) -> list[str]:
        """The components that decide a condition; to be asked for after `lines`."""
        return [_decision(when, number) for number, when in enumerate(self._decisions, 1)]

    def _children(self, group: Group, indent: str) -> Iterator[str]:
        children = group.children
        for handler in (c for c in children if isinstance(c, Group) and c.kind == "exit-handler"):
            last = [c for c in children if c is not handler]
            if not isinstance(last[0], Leaf):
                raise LabwrightError(
                    "it has several finally steps, and the kfp SDK allows one",
                    hint="make them one step, or use the compiled YAML",
                )
            yield from self._task(last[0], indent)
            yield f"{indent}with dsl.ExitHandler({self._variable(last[0].step.name)}):\n"
            yield from self._children(handler, indent + "    ")
            return
        for node in _in_order(children):
            yield from (
                self._task(node, indent) if isinstance(node, Leaf) else self._group(node, indent)
            )

    def _group(self, group: Group, indent: str) -> Iterator[str]:
        if group.kind == "shelter":
            names = ", ".join(f"`{leaf.step.name}`" for leaf in group.leaves())
            raise LabwrightError(
                f"a step runs after {names}, which may be skipped; the kfp SDK cannot say that",
                hint="use the compiled YAML",
            )
        if group.when:
            conditions = self._conditions(group.when)
            if conditions is None:
                self._decisions.append(group.when)
                decide = f"decide_{len(self._decisions)}"
                given = ", ".join(f"{o.name}={self._operand(o)}" for o in group.when.operands)
                yield f"{indent}{decide}_task = {decide}({given})\n"
                conditions = [f'{decide}_task.outputs["yes"] == True']
            for condition in conditions:
                yield f"{indent}with dsl.If({condition}):\n"
                indent += "    "
        if group.foreach:
            yield f"{indent}with dsl.ParallelFor({self._items(group.foreach)}) as item:\n"
            indent += "    "
        yield from self._children(group, indent)

    # Conditions and loops

    def _conditions(self, when: When) -> list[str] | None:
        """Conditions one within the other that together say `when`; None where none do."""
        tree = ast.parse(when.expression.strip(), mode="eval").body
        parts = [tree]
        if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
            parts = tree.values
        operands = {operand.name: operand for operand in when.operands}
        simple = [text for part in parts if (text := self._simple(part, operands))]
        return simple if len(simple) == len(parts) else None

    def _simple(self, node: ast.expr, operands: dict[str, Operand]) -> str | None:
        """One comparison as kfp takes it; None for anything else."""
        if isinstance(node, ast.Name):
            operand = operands[node.id]
            nothing = {"BOOLEAN": "== True", "STRING": '!= ""'}.get(operand.type, "!= 0")
            return f"{self._operand(operand)} {nothing}"
        if not isinstance(node, ast.Compare) or len(node.ops) != 1:
            return None
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            return None
        sides = [node.left, node.comparators[0]]
        if not any(isinstance(side, ast.Name) for side in sides):
            return None
        written = []
        for side in sides:
            if isinstance(side, ast.Name):
                written.append(self._operand(operands[side.id]))
            else:
                try:
                    written.append(literal(ast.literal_eval(side)))
                except ValueError:
                    return None
        sign = ast.unparse(ast.Compare(ast.Name("a"), node.ops, [ast.Name("b")]))[2:-2]
        sign = {"is": "==", "is not": "!="}.get(sign, sign)
        return f"{written[0]} {sign} {written[1]}"

    def _items(self, loop: ForEach) -> str:
        if loop.source is None:
            return literal(list(loop.items or ()))
        return self._operand(loop.source)

    def _operand(self, operand: Operand) -> str:
        return self._output(operand.source) if operand.source else operand.name

    # Tasks

    def _task(self, leaf: Leaf, indent: str) -> Iterator[str]:
        step = leaf.step
        component = step.component
        arguments = [f"{p.name}={p.name}" for p in component.parameters]
        if step.foreach:
            arguments.append(f"{ITEM_PARAMETER}=item")
        if component.uses_workspace:
            arguments.append(f"{WORKSPACE_PARAMETER}={literal(WORKSPACE)}")
        for item in component.inputs:
            self._check_reach(leaf, item.source.step)
            text = self._output(item.source)
            arguments.append(f"{item.key}={f'dsl.Collected({text})' if item.collected else text}")
        task = self._variable(step.name)
        yield f"{indent}{task} = {self.functions[step.name]}({', '.join(arguments)})\n"
        for line in _settings(step, task, self.functions[step.name].replace("_", "-")):
            yield f"{indent}{line}\n"
        for name in step.after:
            self._check_reach(leaf, name)
            yield f"{indent}{task}.after({self._variable(name)})\n"

    def _check_reach(self, leaf: Leaf, name: str) -> None:
        for group in enclosing(self.leaves[name]):
            if group.kind == "condition" and group not in enclosing(leaf):
                raise LabwrightError(
                    f"it needs step `{name}`, whose condition is decided elsewhere; "
                    "the kfp SDK cannot say that",
                    where=f"step `{leaf.step.name}`",
                    hint="use the compiled YAML",
                )

    def _variable(self, step: str) -> str:
        return f"{self.functions[step]}_task"

    def _output(self, source: Source) -> str:
        key = output_name(self.leaves[source.step].step.component, source.key)
        return f"{self._variable(source.step)}.outputs[{literal(key)}]"


def _settings(step: Step, task: str, kfp_name: str) -> Iterator[str]:
    environment = step.component.environment
    if step.name != kfp_name:
        yield f"{task}.set_display_name({literal(step.name)})"
    if not is_cached(step):
        yield f"{task}.set_caching_options(False)"
    if step.retry:
        policy = retry_policy(step.retry)
        yield (
            f"{task}.set_retry({step.retry.count}, "
            f"backoff_duration={literal(policy['backoffDuration'])}, "
            f"backoff_factor={policy['backoffFactor']}, "
            f"backoff_max_duration={literal(policy['backoffMaxDuration'])})"
        )
    if environment.cpu:
        yield f"{task}.set_cpu_limit({literal(environment.cpu)})"
    if environment.memory:
        yield f"{task}.set_memory_limit({literal(_memory(environment.memory))})"
    if environment.gpus:
        yield f"{task}.set_accelerator_type({literal(environment.gpu_resource)})"
        yield f"{task}.set_accelerator_limit({environment.gpus})"
    for name, value in sorted(environment.env.items()):
        yield f"{task}.set_env_variable({literal(name)}, {literal(value)})"
    if step.timeout:
        yield f"kubernetes.set_timeout({task}, {pod_deadline(step.timeout)})"
    yield from _kubernetes(environment, task)


def _kubernetes(environment: Environment, task: str) -> Iterator[str]:
    for volume in environment.volumes:
        if volume.claim:
            yield (
                f"kubernetes.mount_pvc({task}, pvc_name={literal(volume.claim)}, "
                f"mount_path={literal(volume.mount)})"
            )
    for secret in environment.secrets:
        keys = ", ".join(f"{literal(k)}: {literal(v)}" for k, v in sorted(secret.env.items()))
        yield (
            f"kubernetes.use_secret_as_env({task}, secret_name={literal(secret.name)}, "
            f"secret_key_to_env={{{keys}}})"
        )
    for key, value in sorted(environment.node_selector.items()):
        yield f"kubernetes.add_node_selector({task}, {literal(key)}, {literal(value)})"
    for t in environment.tolerations:
        fields = {
            "key": t.key,
            "operator": t.operator,
            "value": t.value,
            "effect": t.effect,
            "toleration_seconds": t.seconds,
        }
        given = ", ".join(f"{k}={literal(v)}" for k, v in fields.items() if v is not None)
        yield f"kubernetes.add_toleration({task}, {given})"
    for key, value in sorted(environment.labels.items()):
        yield f"kubernetes.add_pod_label({task}, {literal(key)}, {literal(value)})"
    for key, value in sorted(environment.annotations.items()):
        yield f"kubernetes.add_pod_annotation({task}, {literal(key)}, {literal(value)})"


def _memory(quantity: str) -> str:
    """kfp takes whole numbers with a capital unit only."""
    number = quantity.rstrip("KMGTPEi")
    return quantity if number.isdigit() else str(byte_count(quantity))


def _parameter(parameter: TypedParameter) -> str:
    kind = PYTHON_TYPES[parameter.type]
    if parameter.type == "LIST":
        # A list of one type tells kfp what the items of a loop over it are.
        kinds = {type(item).__name__ for item in parameter.default}
        if len(kinds) == 1:
            kind = f"List[{kinds.pop()}]"
    return f"{parameter.name}: {kind} = {parameter.default!r}"


def _decision(when: When, number: int) -> str:
    arguments = "".join(f"{o.name}: {PYTHON_TYPES[o.type]}, " for o in when.operands)
    given = "".join(
        f"        {literal(o.name)}, {literal(PYTHON_TYPES[o.type])}, {o.name},\n"
        for o in when.operands
    )
    return (
        "\n\n@dsl.container_component\n"
        f"def decide_{number}({arguments}yes: dsl.OutputPath(bool)):\n"
        f'    """Whether {when.expression}."""\n'
        f"    script = {literal(_DECIDE, '    ')}\n"
        '    return dsl.ContainerSpec("python:3.11", ["python3", "-c", script], [\n'
        f"        {literal(when.expression)}, yes,\n{given}    ])\n"
    )


def _in_order(nodes: list[Node]) -> list[Node]:
    """Siblings so that each comes after what it needs."""
    names = {node: {leaf.step.name for leaf in node.leaves()} for node in nodes}
    needs = {node: {n for leaf in node.leaves() for n in depends_on(leaf.step)} for node in nodes}
    waiting, ordered, done = list(nodes), [], set[str]()
    here = set[str]().union(*names.values())
    while waiting:
        node = next(n for n in waiting if not (needs[n] & here) - done - names[n])
        waiting.remove(node)
        ordered.append(node)
        done |= names[node]
    return ordered
