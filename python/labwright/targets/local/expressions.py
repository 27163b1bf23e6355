"""The conditions of KFP IR: the part of the Common Expression Language that compilers write.

Comparisons, `&&`, `||`, `!`, `in`, arithmetic, indexing, casts and literals over
`inputs.parameter_values['name']`. Text is parsed, never handed to Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!()\[\],.])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v", "0": "\0"}
_LITERALS = {"true": True, "false": False, "null": None}
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"||"}),
    frozenset({"&&"}),
    frozenset({"==", "!=", "<", "<=", ">", ">=", "in"}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)


class ExpressionError(ValueError):
    """The expression cannot be read, or makes no sense for the values at hand."""


def evaluate(expression: str, parameters: Mapping[str, Any]) -> bool:
    """Whether the condition holds for a task with these input parameters."""
    try:
        result = _Parser(expression, {"inputs": {"parameter_values": parameters}}).parse()
    except ExpressionError as error:
        raise ExpressionError(f"condition `{expression}`: {error}") from None
    if not isinstance(result, bool):
        raise ExpressionError(f"condition `{expression}` gives {result!r}, not true or false")
    return result


class _Skipped:
    """The value of an operand that `&&` or `||` did not need."""


_SKIPPED = _Skipped()


class _Parser:
    """Reads and evaluates in one go; `live` is false within an operand that is not needed."""

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.names = names
        self.live = True

    def parse(self) -> Any:
        value = self.binary(0)
        if self.at < len(self.tokens):
            raise ExpressionError(f"`{self.tokens[self.at][1]}` is not expected there")
        return value

    def peek(self) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
        return "" if kind == "text" else text

    def take(self, wanted: str | None = None) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            what = f"`{wanted}`" if wanted else "a value"
            raise ExpressionError(f"ends where {what} is expected")
        token = self.tokens[self.at]
        if wanted is not None and (token[0] == "text" or token[1] != wanted):
            raise ExpressionError(f"has `{token[1]}` where `{wanted}` is expected")
        self.at += 1
        return token

    def binary(self, level: int) -> Any:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in _LEVELS[level]:
            operator = self.take()[1]
            if operator in ("&&", "||"):
                left = self.logic(operator, left, level)
                continue
            right = self.binary(level + 1)
            left = _apply(operator, left, right) if self.live else _SKIPPED
        return left

    def logic(self, operator: str, left: Any, level: int) -> Any:
        if self.live and not isinstance(left, bool):
            raise ExpressionError(f"`{operator}` joins true or false, not {left!r}")
        outer, decided = self.live, left is (operator == "||")
        self.live = outer and not decided
        right = self.binary(level + 1)
        if self.live and not isinstance(right, bool):
            raise ExpressionError(f"`{operator}` joins true or false, not {right!r}")
        self.live = outer
        return left if decided else right

    def unary(self) -> Any:
        if self.peek() == "!":
            self.take()
            value = self.unary()
            if self.live and not isinstance(value, bool):
                raise ExpressionError(f"`!` turns true or false round, not {value!r}")
            return not value if self.live else _SKIPPED
        if self.peek() == "-":
            self.take()
            value = self.unary()
            return -_number(value, "-") if self.live else _SKIPPED
        return self.postfix(self.primary())

    def primary(self) -> Any:
        kind, text = self.take()
        if kind == "number":
            return float(text) if re.search(r"[.eE]", text) else int(text)
        if kind == "text":
            return _unescape(text[1:-1])
        if text == "(":
            value = self.binary(0)
            self.take(")")
            return value
        if text == "[":
            return self.items("]")
        if kind == "name" and text in _LITERALS:
            return _LITERALS[text]
        if kind == "name" and self.peek() == "(":
            self.take("(")
            arguments = self.items(")")
            return _call(text, arguments) if self.live else _SKIPPED
        if kind == "name" and text in self.names:
            return self.names[text]
        raise ExpressionError(f"`{text}` is not known")

    def postfix(self, value: Any) -> Any:
        while self.peek() in (".", "["):
            if self.take()[1] == ".":
                key: Any = self.take()[1]
            else:
                key = self.binary(0)
                self.take("]")
            value = _item(value, key) if self.live else _SKIPPED
        return value

    def items(self, closing: str) -> list[Any]:
        values: list[Any] = []
        while self.peek() != closing:
            values.append(self.binary(0))
            if self.peek() != closing:
                self.take(",")
        self.take(closing)
        return values


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f"`{text[at : at + 10].strip()}` cannot be read")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


def _unescape(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "xuU":
            return chr(int(code[1:], 16))
        return _ESCAPES.get(code, code)

    return re.sub(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", one, text)


def _item(value: Any, key: Any) -> Any:
    try:
        if isinstance(value, Mapping) or (isinstance(value, list) and type(key) is int):
            return value[key]
    except (KeyError, IndexError):
        raise ExpressionError(f"there is no {key!r} among the values") from None
    raise ExpressionError(f"{value!r} has no item {key!r}")


def _call(name: str, arguments: list[Any]) -> Any:
    if name not in ("int", "double", "string", "bool", "size"):
        raise ExpressionError(f"the function `{name}` is not known")
    if len(arguments) != 1:
        raise ExpressionError(f"`{name}` takes one value, not {len(arguments)}")
    (value,) = arguments
    try:
        if name == "string":
            return value if isinstance(value, str) else _text(value)
        if name == "size":
            return len(value)
        if name == "bool":
            return value if isinstance(value, bool) else {"true": True, "false": False}[value]
        if name == "double":
            return float(value)
        return int(value) if not isinstance(value, str) or "." not in value else int(float(value))
    except (TypeError, ValueError, KeyError, OverflowError):
        raise ExpressionError(f"`{name}` cannot be made of {value!r}") from None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _number(value: Any, operator: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ExpressionError(f"`{operator}` works on numbers, not {value!r}")
    return value


def _apply(operator: str, left: Any, right: Any) -> Any:
    if operator == "in":
        if isinstance(right, list):
            return any(_equal(left, item) for item in right)
        if isinstance(right, Mapping):
            return left in right
        raise ExpressionError(f"`in` looks into a list or a map, not {right!r}")
    if operator in ("==", "!="):
        return _equal(left, right) is (operator == "==")
    if operator == "+" and isinstance(left, (str, list)) and type(left) is type(right):
        return left + right  # type: ignore[operator]
    if operator in ("<", "<=", ">", ">=") and not _comparable(left, right):
        raise ExpressionError(f"`{operator}` cannot compare {left!r} with {right!r}")
    match operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
    first, second = _number(left, operator), _number(right, operator)
    try:
        match operator:
            case "+":
                return first + second
            case "-":
                return first - second
            case "*":
                return first * second
            case "/":
                whole = isinstance(first, int) and isinstance(second, int)
                return int(first / second) if whole else first / second
            case _:
                return first % second
    except ZeroDivisionError:
        raise ExpressionError("divides by zero") from None


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _comparable(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool)
    numbers = (int, float)
    return (isinstance(left, numbers) and isinstance(right, numbers)) or (
        isinstance(left, str) and isinstance(right, str)
    )
