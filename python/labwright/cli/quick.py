"""The quick parser: the plain, correct command line, read without importing a thing.

Whatever it does not fully understand (help, a mistake, an abbreviation) it leaves to typer, which
answers at leisure. So this parser never has to explain itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .spec import Arg, Opt, Param


class _NotPlain(Exception):
    """The line needs typer."""


def parse(params: Sequence[Param], argv: Sequence[str]) -> dict[str, Any] | None:
    """The handler's keyword arguments, or None when the line is not plain."""
    try:
        return _parse(params, argv)
    except _NotPlain:
        return None


def _parse(params: Sequence[Param], argv: Sequence[str]) -> dict[str, Any]:
    options = {name: p for p in params if isinstance(p.spec, Opt) for name in p.spec.names}
    values: dict[str, Any] = {}
    words: list[str] = []
    rest = list(argv)
    while rest:
        token = rest.pop(0)
        if token == "--":
            words += rest
            break
        if token == "-" or not token.startswith("-"):
            words.append(token)
            continue
        param, text = _option(options, token)
        if param.type is bool:
            if text is not None:
                raise _NotPlain
            values[param.name] = True
            continue
        if text is None:
            if not rest:
                raise _NotPlain
            text = rest.pop(0)
        if param.type is list:
            values.setdefault(param.name, []).append(text)
        else:
            values[param.name] = _convert(param, text)
    _positional(params, words, values)
    return values


def _option(options: dict[str, Param], token: str) -> tuple[Param, str | None]:
    """The option a token names, and the value written into the same token."""
    if token.startswith("--"):
        name, equals, text = token.partition("=")
        attached = text if equals else None
    else:
        name, attached = token[:2], token[2:] or None
    if name not in options:
        raise _NotPlain
    return options[name], attached


def _positional(params: Sequence[Param], words: list[str], values: dict[str, Any]) -> None:
    for param in params:
        if isinstance(param.spec, Arg):
            if param.type is list:
                values[param.name] = words[:]
                words.clear()
            elif words:
                values[param.name] = _convert(param, words.pop(0))
        if param.name not in values or values[param.name] == []:
            if param.required:
                raise _NotPlain
            values[param.name] = list(param.default) if param.type is list else param.default
    if words:
        raise _NotPlain


def _convert(param: Param, text: str) -> Any:
    try:
        return param.type(text)
    except ValueError:
        raise _NotPlain from None
