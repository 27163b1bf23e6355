"""`when` in Python to a condition the pipeline's engine can decide before the step starts.

The condition language of KFP is CEL; what is written here is also what the kfp SDK writes, and
reads the same in Python, as kfp's own local runner takes it. What has no such form is an error
that says how to write it instead: a cell can compute any truth value and give it a name.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..errors import LabwrightError
from .model import IRType, ValueType

Kind = Literal["number", "string", "bool"]
_KINDS: dict[IRType, Kind] = {
    "NUMBER_INTEGER": "number",
    "NUMBER_DOUBLE": "number",
    "STRING": "string",
    "BOOLEAN": "bool",
}
_TYPES: dict[Kind, ValueType] = {
    "number": "NUMBER_DOUBLE",
    "string": "STRING",
    "bool": "BOOLEAN",
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "==",
    ast.IsNot: "!=",
}
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
_HINT = "compute it in a cell, `go = …`, and write `when: go`"
_EQUALITY = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)


def operand_types(
    expression: str, known: Mapping[str, IRType], where: str = ""
) -> dict[str, ValueType]:
    """What each name in `expression` whose type is not `known` must be given as."""
    condition = _Condition.parse(expression, known, where)
    return {
        name: "TRUTH" if name in condition.truths else _TYPES[kind]
        for name, kind in condition.kinds.items()
        if name not in known
    }


def to_ir(
    expression: str,
    types: Mapping[str, IRType],
    references: Mapping[str, str],
    where: str = "",
) -> str:
    """The IR's condition string. `references`: the name of the parameter that carries each name."""
    return _Condition.parse(expression, types, where).render(references)


@dataclass
class _Condition:
    tree: ast.expr
    kinds: dict[str, Kind]
    types: Mapping[str, IRType]
    where: str
    expression: str
    bare: set[str] = field(default_factory=set)
    truths: set[str] = field(default_factory=set)

    @classmethod
    def parse(cls, expression: str, types: Mapping[str, IRType], where: str) -> _Condition:
        try:
            tree = ast.parse(expression.strip(), mode="eval").body
        except (SyntaxError, ValueError) as error:
            raise LabwrightError(
                f"condition `{expression}` is no Python expression", where=where
            ) from error
        condition = cls(tree, {}, types, where, expression)
        names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)})
        for name in names:
            if name in types:
                if types[name] not in _KINDS:
                    raise condition.refuse(f"`{name}` is a list or a dict")
                condition.kinds[name] = _KINDS[types[name]]
        condition._infer()
        for name in names:
            if name not in condition.kinds:
                # Used alone it is a truth value; compared with another name, a number.
                condition.kinds[name] = "bool" if name in condition.bare else "number"
                condition.truths |= {name} & condition.bare
        condition._check(tree)
        return condition

    def refuse(self, why: str) -> LabwrightError:
        return LabwrightError(
            f"condition `{self.expression}` cannot decide whether a step runs: {why}",
            where=self.where,
            hint=_HINT,
        )

    # What the names are

    def _infer(self) -> None:
        """Spread what is known (literals, parameters, arithmetic) over the comparisons."""
        pairs: list[tuple[ast.expr, ast.expr]] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Compare):
                operands = [node.left, *node.comparators]
                for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
                    if isinstance(operator, ast.In | ast.NotIn):
                        pairs += [(left, item) for item in self._items(right)]
                    else:
                        pairs.append((left, right))
            elif isinstance(node, ast.BoolOp):
                self.bare |= {v.id for v in node.values if isinstance(v, ast.Name)}
            elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
                if isinstance(node.operand, ast.Name):
                    self.bare.add(node.operand.id)
            elif isinstance(node, ast.BinOp):
                for side in (node.left, node.right):
                    if isinstance(side, ast.Name):
                        self.kinds.setdefault(side.id, "number")
            elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Name):
                self.kinds.setdefault(node.operand.id, "number")
        if isinstance(self.tree, ast.Name):
            self.bare.add(self.tree.id)
        changed = True
        while changed:
            changed = False
            for left, right in pairs:
                for name, other in ((left, right), (right, left)):
                    kind = self._kind(other)
                    if isinstance(name, ast.Name) and kind and name.id not in self.kinds:
                        self.kinds[name.id] = kind
                        changed = True

    def _items(self, node: ast.expr) -> list[ast.expr]:
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return node.elts
        raise self.refuse("`in` needs a literal tuple or list on its right")

    def _kind(self, node: ast.expr) -> Kind | None:
        if isinstance(node, ast.Name):
            return self.kinds.get(node.id)
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool):
                return "bool"
            if isinstance(node.value, int | float):
                return "number"
            if isinstance(node.value, str):
                return "string"
            raise self.refuse(f"`{ast.unparse(node)}` is no number, text or truth value")
        if isinstance(node, ast.Compare | ast.BoolOp):
            return "bool"
        if isinstance(node, ast.UnaryOp):
            return "bool" if isinstance(node.op, ast.Not) else "number"
        if isinstance(node, ast.BinOp):
            return "number"
        raise self.refuse(f"`{ast.unparse(node)}` is more than names, literals and comparisons")

    def _check(self, node: ast.expr) -> None:
        """Every comparison is between like and like: Python's answer would else be another."""
        kind = self._kind(node)
        if isinstance(node, ast.BoolOp):
            for value in node.values:
                self._check(value)
        elif isinstance(node, ast.UnaryOp):
            self._check(node.operand)
            if not isinstance(node.op, ast.Not) and self._kind(node.operand) != "number":
                raise self.refuse(f"`{ast.unparse(node)}` is no number")
        elif isinstance(node, ast.BinOp):
            if type(node.op) not in _ARITHMETIC:
                raise self.refuse(f"`{ast.unparse(node)}`: only + - * / can be used")
            for side in (node.left, node.right):
                self._check(side)
                if self._kind(side) != "number":
                    raise self.refuse(f"`{ast.unparse(side)}` is no number")
        elif isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
                if isinstance(operator, ast.In | ast.NotIn):
                    for item in self._items(right):
                        self._like(left, item)
                else:
                    self._like(left, right)
                    if self._kind(left) == "bool" and not isinstance(operator, _EQUALITY):
                        raise self.refuse("truth values have no order")
        elif kind is None:
            raise self.refuse(f"what `{ast.unparse(node)}` is cannot be told")

    def _like(self, left: ast.expr, right: ast.expr) -> None:
        self._check(left)
        self._check(right)
        if self._kind(left) != self._kind(right):
            raise self.refuse(
                f"`{ast.unparse(left)}` is a {self._kind(left)} "
                f"and `{ast.unparse(right)}` a {self._kind(right)}"
            )

    # Writing it down

    def render(self, references: Mapping[str, str]) -> str:
        return self._truth(self.tree, references, top=True)

    def _truth(self, node: ast.expr, refs: Mapping[str, str], top: bool = False) -> str:
        """`node` as a CEL truth value, in parentheses where it joins others."""
        if isinstance(node, ast.BoolOp):
            sign = " && " if isinstance(node.op, ast.And) else " || "
            text = sign.join(self._truth(value, refs) for value in node.values)
            return text if top else f"({text})"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return f"!({self._truth(node.operand, refs, top=True)})"
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            parts = [
                self._comparison(left, operator, right, refs)
                for left, operator, right in zip(operands, node.ops, operands[1:], strict=False)
            ]
            text = " && ".join(parts)
            return text if top or len(parts) == 1 else f"({text})"
        if isinstance(node, ast.Constant):
            return "true" if node.value else "false"
        # A bare value: its truthiness.
        kind = self._kind(node)
        if kind == "bool":
            return f"{self._value(node, refs, False)} == true"
        if kind == "string":
            return f"{self._value(node, refs, False)} != ''"
        whole = self._whole(node)
        return f"{self._value(node, refs, whole)} != {'0' if whole else '0.0'}"

    def _comparison(
        self, left: ast.expr, operator: ast.cmpop, right: ast.expr, refs: Mapping[str, str]
    ) -> str:
        if isinstance(operator, ast.In | ast.NotIn):
            items = self._items(right)
            each = [self._comparison(left, ast.Eq(), item, refs) for item in items]
            text = f"({' || '.join(each)})" if each else "false"
            return f"!({text})" if isinstance(operator, ast.NotIn) else text
        whole = self._whole(left) and self._whole(right)
        return (
            f"{self._value(left, refs, whole)} {_COMPARISONS[type(operator)]} "
            f"{self._value(right, refs, whole)}"
        )

    def _whole(self, node: ast.expr) -> bool:
        """Whether everything in it is an integer, so that it is compared as integers."""
        if isinstance(node, ast.Name):
            return self.types.get(node.id) == "NUMBER_INTEGER"
        if isinstance(node, ast.Constant):
            return isinstance(node.value, int) and not isinstance(node.value, bool)
        if isinstance(node, ast.UnaryOp):
            return self._whole(node.operand)
        if isinstance(node, ast.BinOp):
            return (
                not isinstance(node.op, ast.Div)
                and self._whole(node.left)
                and self._whole(node.right)
            )
        return False

    def _value(self, node: ast.expr, refs: Mapping[str, str], whole: bool) -> str:
        if isinstance(node, ast.Name):
            text = f"inputs.parameter_values['{refs[node.id]}']"
            return f"int({text})" if whole else text
        if isinstance(node, ast.Constant):
            return self._literal(node, whole)
        if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
            sign = "-" if isinstance(node.op, ast.USub) else ""
            text = self._value(node.operand, refs, whole)
            return f"{sign}{text}" if isinstance(node.operand, ast.Constant) else f"{sign}({text})"
        if isinstance(node, ast.BinOp):
            left, right = (self._value(side, refs, whole) for side in (node.left, node.right))
            return f"({left} {_ARITHMETIC[type(node.op)]} {right})"
        return f"({self._truth(node, refs, top=True)})"

    def _literal(self, node: ast.Constant, whole: bool) -> str:
        value = node.value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            # CEL's escapes are Python's; quotes are always single, as the kfp SDK writes them.
            body = value.encode("unicode_escape").decode("ascii")
            return "'" + body.replace("'", "\\'") + "'"
        if isinstance(value, int) and whole:
            return str(value)
        assert isinstance(value, int | float)
        number = repr(float(value))
        if "n" in number:  # inf, nan
            raise self.refuse(f"`{ast.unparse(node)}` is no number the pipeline can hold")
        return number
