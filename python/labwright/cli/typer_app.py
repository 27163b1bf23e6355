"""The same commands as a typer application: help, usage errors and shell completion."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .console import err
from .spec import Arg, Entry, Group, Handler, Param, params
from .tree import COMMANDS, load


class Call:
    """What the command line asks for; typer only parses, the caller runs it."""

    def __init__(self, handler: Handler, values: dict[str, Any]) -> None:
        self.handler = handler
        self.values = values


def parse(argv: list[str]) -> Call | int:
    """The call that the line asks for, or the exit status when typer has answered already."""
    application = typer.Typer(
        cls=_group(COMMANDS),
        help="Turn a notebook into a pipeline that gives the same answers.",
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    application.callback()(_root)
    command = typer.main.get_command(application)
    try:
        result = command.main(argv or ["--help"], prog_name="labwright", standalone_mode=False)
    except Exception as error:
        if not hasattr(error, "show") or not hasattr(error, "exit_code"):
            raise
        _explain(error)
        return int(error.exit_code)
    return result if isinstance(result, Call) else int(result or 0)


def _explain(error: Any) -> None:
    """A usage error in one line; the help where nothing was asked for."""
    message = error.format_message()
    context = getattr(error, "ctx", None)
    if context is None or "\n" in message:
        error.show()
    else:
        err(f"labwright: {message.rstrip('.')} (`{context.command_path} -h` explains)")


def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Turn a notebook into a pipeline that gives the same answers."""


def _group(commands: Mapping[str, Entry | Group], group: Group | None = None) -> type[TyperGroup]:
    """A click group that imports the module of a command only when that command is asked for."""

    class LazyGroup(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if group is not None and group.means_default(args):
                args = [group.default, *args]
            return super().parse_args(ctx, args)

        def list_commands(self, ctx: Any) -> list[str]:
            return list(commands)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            node = commands.get(cmd_name)
            if node is None:
                return None
            if isinstance(node, Group):
                return _subgroup(cmd_name, node)
            return _command(cmd_name, node)

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            with formatter.section("Commands"):
                formatter.write_dl([(name, node.help) for name, node in commands.items()])

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            if args and args[0] not in commands and not args[0].startswith("-"):
                ctx.fail(_unknown(args[0], commands))
            return super().resolve_command(ctx, args)

    return LazyGroup


def _unknown(name: str, commands: Mapping[str, Entry | Group]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, commands, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"there is {', '.join(commands)}"
    return f"no command '{name}': {hint}"


def _subgroup(name: str, group: Group) -> Any:
    application = typer.Typer(
        name=name,
        cls=_group(group.commands, group),
        help=group.help,
        rich_markup_mode=None,
        no_args_is_help=True,
        add_completion=False,
    )
    application.callback()(lambda: None)
    return typer.main.get_command(application)


def _command(name: str, entry: Entry) -> Any:
    handler = load(entry)

    def parsed(**values: Any) -> Call:
        return Call(handler, {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()})

    signature = [_parameter(param) for param in params(handler)]
    parsed.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
    parsed.__annotations__ = {p.name: p.annotation for p in signature}
    application = typer.Typer(add_completion=False, rich_markup_mode=None)
    application.command(name, help=inspect.getdoc(handler) or entry.help)(parsed)
    return typer.main.get_command(application)


def _parameter(param: Param) -> inspect.Parameter:
    kind: Any = list[str] if param.type is list else param.type
    if param.default is None:
        kind = kind | None
    default = list(param.default) if isinstance(param.default, (list, tuple)) else param.default
    info: Any
    if isinstance(param.spec, Arg):
        info = typer.Argument(
            metavar=param.spec.metavar,
            help=param.spec.help,
            autocompletion=_completer(param.spec.complete),
        )
    else:
        info = typer.Option(
            *param.spec.names,
            metavar=param.spec.metavar,
            help=param.spec.help,
            autocompletion=_completer(param.spec.complete),
        )
    return inspect.Parameter(
        param.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, info],
    )


def _completer(source: str | None) -> Any:
    if source is None:
        return None

    def complete(incomplete: str) -> list[str]:
        from .completion import values

        return [value for value in values(source) if value.startswith(incomplete)]

    return complete
