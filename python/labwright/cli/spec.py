"""How a command says what it takes: the handler's own signature, read by both parsers.

A handler annotates each parameter with `Annotated[type, Arg(...)]` or `Annotated[type, Opt(...)]`.
The quick parser (no imports) reads it on the way to the work; typer, which costs 0.12 s, reads the
same signature when help, an error message or a completion is asked for.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Arg:
    """A positional argument. `complete` names a list of values the shell may offer."""

    help: str
    metavar: str | None = None
    complete: str | None = None


class Opt:
    """An option: its spellings, then its help. `complete` as for an argument."""

    def __init__(
        self, *names: str, help: str, metavar: str | None = None, complete: str | None = None
    ) -> None:
        self.names = names
        self.help = help
        self.metavar = metavar
        self.complete = complete


@dataclass(frozen=True)
class Param:
    """One parameter of a handler. `type` is str, int, float, bool or list (of str)."""

    name: str
    type: type
    spec: Arg | Opt
    default: Any

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty


Handler = Callable[..., int]


@dataclass(frozen=True)
class Entry:
    """A command: where its handler is (`module:function`), and one line about it."""

    target: str
    help: str


@dataclass(frozen=True)
class Group:
    """Commands under one name, as in `labwright runs list`.

    `default` names the one that is meant where the first word names none.
    """

    help: str
    commands: Mapping[str, Entry]
    default: str = ""

    def means_default(self, words: Sequence[str]) -> bool:
        """Whether the words after the group's name are the default command's."""
        asks = not words or words[0] in ("-h", "--help") or words[0] in self.commands
        return bool(self.default) and not asks


def params(handler: Handler) -> tuple[Param, ...]:
    """The parameters of a handler, in its own order."""
    found = []
    for parameter in inspect.signature(handler, eval_str=True).parameters.values():
        base = parameter.annotation.__origin__
        (spec,) = parameter.annotation.__metadata__
        found.append(Param(parameter.name, _plain(base), spec, parameter.default))
    return tuple(found)


def _plain(annotation: Any) -> type:
    """`list[str]` is list, `str | None` is str."""
    members = [a for a in getattr(annotation, "__args__", ()) if a is not type(None)]
    origin = getattr(annotation, "__origin__", None)
    if origin is list:
        return list
    plain: type = members[0] if members else annotation
    return plain
